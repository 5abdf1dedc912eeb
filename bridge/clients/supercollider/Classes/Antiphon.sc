// A client of the Antiphon bridge. Nothing here waits: answers come to functions.
Antiphon {
	classvar protocol = 1, mostNotes = 4096, notesAMessage = 48, messagesAtOnce = 32, pause = 0.005;
	classvar again = 0.25, helloSeconds = 2, silence = 5;

	var <addr;          // of the bridge
	var <settings;      // the bridge's options for all requests: (bars: 4, scale: "D dorian")
	var <capabilities;  // what the bridge can do, once it has said hello
	var <takes;         // the last answer
	var questions, requests, listener, ticker, out, sender, count = 0, last;

	*new { |host = "127.0.0.1", port = 7374|
		^super.new.init(NetAddr(host, port))
	}

	init { |address|
		addr = address;
		settings = ().putPairs(Archive.global.at(\antiphon) ? []);  // as keepSettings left them
		capabilities = [];
		takes = [];
		questions = List.new;
		requests = IdentityDictionary.new;
		out = List.new;
		// Replies come to the port that sends, sclang's own.
		listener = { |message, time, from|
			if(from.port == addr.port and: { message[0].asString.beginsWith("/antiphon/") }) {
				this.hear(message[0].asString, message[1..]);
			};
		};
		thisProcess.addOSCRecvFunc(listener);
		CmdPeriod.add(this);
	}

	// Stop listening; what is under way is forgotten.
	free {
		thisProcess.removeOSCRecvFunc(listener);
		CmdPeriod.remove(this);
		// Both routines end with these.
		questions.clear;
		requests.clear;
		out.clear;
	}

	// Cmd-period stops requests, too. It has cleared the clocks, so neither routine will ever run again.
	cmdPeriod {
		ticker = sender = nil;
		out.clear;
		requests.keys.do { |id| this.cancel(id) };
		this.tick;
	}

	// Find the bridge. done is called with its version, failed with a code and a sentence.
	hello { |done, failed|
		this.question("/antiphon/hello", [0, "supercollider", protocol], helloSeconds, { |address, args|
			if(address == "/antiphon/hello/reply") {
				if(args[2] == protocol) {
					capabilities = args[4].asString.split($,).collect(_.asSymbol);
					args[1].asString
				} {
					Error("the bridge speaks protocol %, this class %".format(args[2], protocol)).throw
				}
			}
		}, done, failed)
	}

	// List the models: [(name:, title:, parts:)].
	models { |done, failed|
		var found = List.new;
		this.question("/antiphon/models", [], silence, { |address, args|
			if(address == "/antiphon/model" and: { found.every { |m| m.name != args[0] } }) {
				found.add((name: args[0], title: args[1].asString, parts: args[3].asString.split($,)));
			};
			if(address == "/antiphon/models/done" and: { found.size >= args[0] }) { found.asArray }
		}, done, failed)
	}

	// Ask for notes from nothing, or for what follows notes, [[pitch, start, duration, velocity, part], ...] in beats.
	// done is called with the takes: [(notes:, endBeats:, seed:)]; failed with a code and a sentence.
	generate { |options, done, failed, progress|
		^this.ask(\generate, nil, options, done, failed, progress)
	}

	continueNotes { |notes, options, done, failed, progress|
		^this.ask(\continue, notes, options, done, failed, progress)
	}

	// Any verb of the bridge's capabilities. Returns the request's id, for cancel.
	ask { |verb, notes, options, done, failed, progress|
		var id, all, request, own;
		all = this.optionsWith(options ? ());
		own = #[\mode, \reply_port].detect { |key| all.includesKey(key) };
		if(own.notNil) {
			this.complain(failed, \bad_args, "% is the class's own to choose".format(own));
			^nil
		};
		count = count + 1;
		id = "sc-%-%".format(this.identityHash.abs, count).asSymbol;
		last = [verb, notes, options, done, failed, progress];
		// Sent twice because an ack got lost, a request must mean the same notes twice.
		if(this.auto(all[\seed])) { all[\seed] = 16777216.rand };
		request = (
			id: id, done: done, failed: failed, progress: progress,
			count: this.takeCount(all[\takes]), takes: IdentityDictionary.new,
			message: ["/antiphon/" ++ verb, id] ++ all.asPairs.collect { |v| this.sendable(v) },
			context: this.contextMessages(id, notes, all[\start]),
			acked: false, asked: false, cancelled: false, heard: this.now, sent: this.now
		);
		request[\whole] = request[\context].copy;
		requests[id] = request;
		this.say(request);
		^id
	}

	// The last request once more, with another seed unless settings has one.
	again {
		if(last.isNil) { "Antiphon: nothing has been asked for yet".warn } { ^this.ask(*last) };
	}

	cancel { |id|
		requests[id] !? { |request|
			request[\cancelled] = true;
			this.say(request);
		};
	}

	// Keep the settings for every Antiphon.new to come.
	keepSettings {
		Archive.global.put(\antiphon, settings.asPairs);
		Archive.write;
	}

	// ---- questions: a message, and the reply or list that answers it

	question { |address, args, patience, take, done, failed|
		questions.add((address: address, args: args, patience: patience, take: take, done: done, failed: failed,
			began: this.now, sent: this.now));
		this.post([address] ++ args);
		this.tick;
	}

	// ---- requests

	now {
		^Main.elapsedTime
	}

	contextMessages { |id, notes, start|
		var chunks;
		if(notes.isNil) { ^IdentityDictionary.new };
		// The last ones before the answer, where there are more than the bridge takes.
		if(notes.size > mostNotes and: { this.auto(start).not }) { notes = notes.select { |n| n[1] < start.asFloat } };
		chunks = notes.copy.sort { |a, b| a[1] <= b[1] }.keep(mostNotes.neg).clump(notesAMessage);
		if(chunks.isEmpty) { chunks = [[]] };
		^IdentityDictionary.newFrom(chunks.collect { |chunk, seq|
			[seq, ["/antiphon/context", id, seq, chunks.size, chunk.size] ++ chunk.collect { |n|
				[n[0].asInteger, n[1].asFloat, n[2].asFloat, (n[3] ? 80).asInteger, (n[4] ? 0).asInteger]
			}.flat]
		}.flatten(1))
	}

	// How many takes come; 1 where the bridge decides or will refuse the number.
	takeCount { |value|
		var number = value.asString.asFloat;
		^if(number >= 1 and: { number.frac == 0 }) { number.asInteger } { 1 }
	}

	say { |request|
		request[\sent] = this.now;
		case
		{ request[\cancelled] } { this.post(["/antiphon/cancel", request[\id]]) }
		{ request[\context].notEmpty } {
			request[\context].keys.asArray.sort.do { |seq| this.post(request[\context][seq]) }
		}
		{ request[\acked].not } {
			request[\asked] = false;
			this.post(request[\message]);
		}
		{
			request[\asked] = true;
			this.missing(request).do { |message| this.post(message) };
		};
		this.tick;
	}

	hasContext { |request|
		^request[\whole].notEmpty or: { request[\context].notEmpty }
	}

	// Send the context once more: the bridge was started anew in between, or had no room for it among others.
	// Said twice, that it has none is heard once.
	tellAgain { |request|
		if(request[\context].isEmpty) {
			request[\context] = request[\whole];
			request[\whole] = IdentityDictionary.new;
			request[\acked] = false;
			this.say(request);
		};
	}

	// The resends that bring what got lost.
	missing { |request|
		var asks = List.new;
		block { |break|
			request[\count].do { |index|
				var take = request[\takes][index], message = ["/antiphon/resend", request[\id], index];
				if(this.complete(take).not) {
					if(take.notNil and: { take[\done].notNil and: { take[\of].notNil } }) {
						message = message ++ (0..take[\of] - 1).reject { |seq| take[\chunks][seq].notNil };
					};
					asks.add(message);
					if(take.isNil or: { take[\done].isNil }) { break.value };
				};
			};
		};
		^asks
	}

	complete { |take|
		^take.notNil and: { take[\done].notNil and: { take[\of].notNil and: { take[\chunks].size >= take[\of] } } }
	}

	takeOf { |request, index|
		^request[\takes].atFail(index) {
			var take = (chunks: IdentityDictionary.new);
			request[\takes][index] = take;
			take
		}
	}

	hear { |address, args|
		var request = requests[args[0].asSymbol];
		if(request.notNil) { ^this.hearOf(request, address, args) };
		if(address == "/antiphon/fail") {
			// A verb that the bridge does not know is refused by its address.
			requests.values.do { |r|
				if(r[\message][0] == args[0].asString) { this.fail(r, args[1], args[2]) };
			};
		};
		questions.copy.do { |q|
			var found, problem;
			if(address == "/antiphon/fail" and: { args[0].asString == q[\address] }) {
				problem = [args[1], args[2].asString];
			} {
				try { found = q[\take].value(address, args) } { |error| problem = [\protocol, error.errorString] };
			};
			if(problem.notNil or: { found.notNil }) {
				questions.remove(q);
				if(problem.notNil) { this.complain(q[\failed], *problem) } { this.call(q[\done], found) };
			};
		};
	}

	hearOf { |request, address, args|
		request[\heard] = this.now;
		switch(address,
			"/antiphon/fail", {
				if(args[1] == \bad_args and: { request[\asked] and: { request[\cancelled].not } }) {
					// What looked like the request's ack was a late one of its context, and the request got
					// lost; or the bridge keeps its answer no more. It is asked for in a while: this may come twice.
					request[\acked] = false;
				} {
					if(args[1] == \no_context and: { request[\cancelled].not and: { this.hasContext(request) } }) {
						this.tellAgain(request)
					} {
						this.fail(request, if(request[\cancelled]) { \cancelled } { args[1] }, args[2])
					}
				};
			},
			"/antiphon/ack", {
				if(request[\context].isEmpty) { request[\acked] = true } {
					request[\context].removeAt(args[1].asInteger);
					if(request[\context].isEmpty and: { request[\cancelled].not }) { this.say(request) };
				};
			},
			"/antiphon/progress", { this.call(request[\progress], args[1]) },
			"/antiphon/notes", {
				var take = this.takeOf(request, args[1].asInteger);
				request[\acked] = true;
				take[\of] = args[3].asInteger;
				take[\chunks][args[2].asInteger] = args[5..].clump(5);
			},
			"/antiphon/done", { this.takeOf(request, args[1].asInteger)[\done] = args }
		);
		if(#["/antiphon/notes", "/antiphon/done"].includesEqual(address) and: {
			requests.includesKey(request[\id]) and: { request[\cancelled].not }
		}) {
			if(request[\count].asInteger.collect { |i| this.complete(request[\takes][i]) }.every(_.value)) {
				this.finish(request);
			};
		};
	}

	finish { |request|
		requests.removeAt(request[\id]);
		takes = request[\count].collect { |index|
			var take = request[\takes][index];
			(
				notes: (0..take[\of] - 1).collect { |seq| take[\chunks][seq] }.flatten(1),
				endBeats: take[\done][3], seed: take[\done][4].asInteger
			)
		};
		this.call(request[\done], takes);
	}

	fail { |request, code, sentence|
		requests.removeAt(request[\id]);
		this.complain(request[\failed], code.asSymbol, sentence.asString);
	}

	complain { |function, code, sentence|
		if(function.isNil) { "Antiphon: %".format(sentence).warn } { this.call(function, code, sentence) };
	}

	// On the AppClock a function may touch windows, and its errors stop nothing here.
	call { |function ... args|
		AppClock.sched(0, { function.value(*args); nil });
	}

	// ---- time

	// Look after what has not been answered, as long as there is anything.
	tick {
		if(ticker.notNil) { ^this };
		ticker = Routine {
			while { questions.notEmpty or: { requests.notEmpty } } {
				(again / 2).wait;
				this.lookAfter;
			};
			ticker = nil;
		}.play(AppClock);
	}

	lookAfter {
		var now = this.now, nobody = "no bridge answers: start it with `antiphon serve`";
		questions.copy.do { |q|
			if(now - q[\began] >= q[\patience]) {
				questions.remove(q);
				this.complain(q[\failed], \timeout, nobody);
			} {
				if(now - q[\sent] >= again) {
					q[\sent] = now;
					this.post([q[\address]] ++ q[\args]);
				};
			};
		};
		requests.values.do { |request|
			if(now - request[\heard] >= silence) { this.fail(request, \timeout, nobody) } {
				if(now - max(request[\heard], request[\sent]) >= again) { this.say(request) };
			};
		};
	}

	// Send within the pace that the bridge's buffer takes.
	post { |message|
		out.add(message);
		if(sender.notNil) { ^this };
		sender = Routine {
			while { out.notEmpty } {
				messagesAtOnce.do { if(out.notEmpty) { addr.sendMsg(*out.removeAt(0)) } };
				pause.wait;
			};
			sender = nil;
		}.play(SystemClock);
	}
}
