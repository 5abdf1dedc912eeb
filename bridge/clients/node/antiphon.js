/**
 * A client of the Antiphon bridge in one file: Node, and the `js` object of Max and Max for Live.
 *
 * The core knows no network and no clock: it is given `send`, `now` and `later`, and told of every message that
 * comes in. In Node, `Antiphon.connect` gives it a UDP socket. ES5, so that Max 8 reads it too.
 *
 * Licence: Apache-2.0.
 */
(function (root) {
    "use strict";

    var PROTOCOL = 1;
    var HELLO = "/antiphon/hello";
    var MAX_NOTES = 4096; // of a context that the bridge takes; models read the last few hundred
    var NOTES_A_MESSAGE = 48;
    var MESSAGES_AT_ONCE = 32;
    var PAUSE_MS = 5;
    var AGAIN_MS = 250;   // how long a message may stay unanswered before it is sent again
    var HELLO_MS = 2000;  // a bridge on this computer answers within a millisecond
    var ANEW_MS = 1000;   // how long a bridge is silent that may have been started anew
    var SILENCE_MS = 5000;
    var SEED_BITS = 24;   // what every host can hold exactly
    var OWN = ["mode", "reply_port"]; // options that no program may choose
    var FIRST_PORT = 9100, PORTS = 800, TRIES = 3; // for replies, where the host has to choose a port

    /**
     * @param {object} host what the program around gives: send(address, args), now() in ms, later(fn, ms) that
     *     returns a handle, clear(handle); and name, replyPort (0: replies come to the port that sends).
     */
    function Antiphon(host) {
        this._host = host;
        this._questions = [];
        this._requests = {};
        this._settings = {}; // told with each request: a bridge started anew knows nothing of them
        this._loaded = "auto";
        this._out = [];
        this._burst = 0; // messages sent since the last pause
        this._pausing = null;
        this._ticking = null;
        this._count = 0;
        this._prefix = (host.name || "js") + "-" + Math.floor(Math.random() * 0xffffff).toString(16) + "-";
        this.silenceMs = SILENCE_MS;
    }

    // ---- what a program calls

    /**
     * Find the bridge. callback(error, {name, version, protocol, replyPort, capabilities})
     *
     * @param {number} [patience] milliseconds, 2000 if left out; Infinity: until there is a bridge.
     */
    Antiphon.prototype.hello = function (callback, patience) {
        this._ask(HELLO, this._introduction(), patience || HELLO_MS,
            function (address, args) {
                if (address !== "/antiphon/hello/reply") { return undefined; }
                if (args[2] !== PROTOCOL) {
                    throw failure("protocol", "the bridge speaks protocol " + args[2] + ", this client " + PROTOCOL +
                        "; bring both to one version");
                }
                return {name: args[0], version: args[1], protocol: args[2], replyPort: args[3],
                    capabilities: words(args[4])};
            }, callback);
    };

    /** List the models. callback(error, [{name, title, tasks, parts, megabytes}]) */
    Antiphon.prototype.models = function (callback) {
        this._list("model", callback, function (a) {
            return {name: a[0], title: a[1], tasks: words(a[2]), parts: words(a[3]), megabytes: a[4]};
        });
    };

    /** List the options. callback(error, [{key, type, min, max, def, doc}]) */
    Antiphon.prototype.params = function (callback) {
        this._list("param", callback, function (a) {
            return {key: a[0], type: a[1], min: a[2], max: a[3], def: a[4], doc: a[5]};
        });
    };

    /** Ask how the bridge is. callback(error, {protocol, model, ready, queued, lastMs}) */
    Antiphon.prototype.status = function (callback) {
        this._ask("/antiphon/status", [], this.silenceMs, function (address, a) {
            return address === "/antiphon/status/reply" ?
                {protocol: a[0], model: a[1], ready: !!a[2], queued: a[3], lastMs: a[4]} : undefined;
        }, callback);
    };

    /** Load a model, "" for the bridge's own choice, and make it this client's. callback(error, name) */
    Antiphon.prototype.load = function (model, callback) {
        var self = this;
        this._ask("/antiphon/load", [model], this.silenceMs, function (address, a) {
            if (address !== "/antiphon/loaded" || a[0] !== (model || a[0])) { return undefined; }
            self._loaded = a[0];
            return a[0];
        }, callback);
    };

    /** Set options for all requests to come; "auto" takes one back. callback(error, {key: value}) */
    Antiphon.prototype.set = function (options, callback) {
        var keys = Object.keys(options), settings = this._settings, held = {}, refused = ownOf(options);
        if (refused) {
            if (callback) { this._host.later(function () { callback(refused); }, 0); }
            return;
        }
        this._ask("/antiphon/set", pairs(options), this.silenceMs, function (address, a) {
            if (address !== "/antiphon/get/reply" || keys.indexOf(a[0]) < 0) { return undefined; }
            held[a[0]] = a[1];
            if (Object.keys(held).length < keys.length) { return undefined; }
            if (!auto(options.bars)) { delete settings.beats; } // as in the bridge
            keys.forEach(function (key) { settings[key] = options[key]; });
            return held;
        }, callback);
    };

    /** Ask for an option. callback(error, value) */
    Antiphon.prototype.get = function (key, callback) {
        this._ask("/antiphon/get", [key], this.silenceMs, function (address, a) {
            return address === "/antiphon/get/reply" && a[0] === key ? a[1] : undefined;
        }, callback);
    };

    /**
     * Ask for notes; returns the request's id.
     *
     * @param {string} verb "generate", "continue", or another of the bridge's capabilities.
     * @param {object} wish notes (the context: {pitch, start, duration, velocity, part}), options, single (each
     *     note as soon as it is chosen), and the functions progress(fraction), note(take, index, note) and
     *     done(error, takes). done is called once; takes are {index, notes, endBeats, seed, natsPerNote}.
     */
    Antiphon.prototype.request = function (verb, wish) {
        var id = this._prefix + (++this._count), options = this._options(wish.options || {});
        var refused = ownOf(options);
        if (refused) {
            if (wish.done) { this._host.later(function () { wish.done(refused); }, 0); }
            return id;
        }
        // Sent twice because an ack got lost, a request must mean the same notes twice.
        if (auto(options.seed)) { options.seed = Math.floor(Math.random() * (1 << SEED_BITS)); }
        options.mode = wish.single ? "single" : "chunk";
        var request = {
            id: id, wish: wish, acked: false, asked: false, cancelled: false, takes: {},
            count: takeCount(options.takes),
            message: ["/antiphon/" + verb, [id].concat(pairs(options))],
            context: wish.notes ? contextMessages(id, fitting(wish.notes, options.start)) : [],
            heard: this._host.now(), sent: this._host.now()
        };
        request.whole = request.context;
        this._requests[id] = request;
        this._say(request);
        return id;
    };

    /** Stop a request: its done is called with the error "cancelled". */
    Antiphon.prototype.cancel = function (id) {
        var request = this._requests[id];
        if (request) {
            request.cancelled = true;
            this._say(request);
        }
    };

    /** Forget everything that is under way; no function is called any more. */
    Antiphon.prototype.close = function () {
        this._questions = [];
        this._requests = {};
        this._out = [];
        this._burst = 0;
        var host = this._host;
        [this._pausing, this._ticking].forEach(function (handle) {
            if (handle !== null) { host.clear(handle); }
        });
        this._pausing = this._ticking = null;
    };

    /** Tell the client of a message from the bridge. Messages that are not for it are left alone. */
    Antiphon.prototype.receive = function (address, args) {
        var request = this._requests[args[0]];
        if (request) {
            request.heard = this._host.now();
            this._hear(request, address, args);
            return;
        }
        if (address === "/antiphon/fail" && this._refuse(args)) { return; }
        for (var i = 0; i < this._questions.length; i++) {
            var question = this._questions[i], found, error = null;
            if (address === "/antiphon/fail" && args[0] === question.address) {
                error = failure(args[1], args[2]);
            } else {
                try {
                    found = question.take(address, args);
                } catch (thrown) {
                    error = thrown;
                }
                if (found === undefined && !error) { continue; }
            }
            this._questions.splice(i, 1);
            if (question.callback) { question.callback(error, found); }
            return;
        }
    };

    /** End the requests whose verb the bridge does not know: it refuses those by their address. */
    Antiphon.prototype._refuse = function (args) {
        var self = this, refused = Object.keys(this._requests).filter(function (id) {
            return self._requests[id].message[0] === args[0];
        });
        refused.forEach(function (id) { self._end(self._requests[id], failure(args[1], args[2])); });
        return refused.length > 0;
    };

    // ---- questions: a message, and the one reply or list that answers it

    Antiphon.prototype._ask = function (address, args, patience, take, callback) {
        var now = this._host.now();
        this._questions.push({address: address, args: args, take: take, callback: callback, began: now, sent: now,
            patience: patience});
        this._post(address, args);
        this._tick();
    };

    Antiphon.prototype._list = function (name, callback, read) {
        var found = {}, order = [];
        this._ask("/antiphon/" + name + "s", [], this.silenceMs, function (address, args) {
            if (address === "/antiphon/" + name) {
                if (!found[args[0]]) { order.push(args[0]); }
                found[args[0]] = read(args);
            }
            return address === "/antiphon/" + name + "s/done" && order.length >= args[0] ?
                order.map(function (key) { return found[key]; }) : undefined;
        }, callback);
    };

    // ---- requests

    /** Send what a request waits for: its context, itself, or what got lost of its answer. */
    Antiphon.prototype._say = function (request) {
        var self = this;
        request.sent = this._host.now();
        if (request.cancelled) {
            this._post("/antiphon/cancel", [request.id]);
        } else if (request.context.length) {
            request.context.forEach(function (message) { self._post(message[0], message[1]); });
        } else if (!request.acked) {
            request.asked = false;
            this._post(request.message[0], request.message[1]);
        } else {
            request.asked = true;
            missing(request).forEach(function (args) { self._post("/antiphon/resend", args); });
        }
        this._tick();
    };

    Antiphon.prototype._hear = function (request, address, args) {
        var wish = request.wish;
        if (address === "/antiphon/fail" && args[1] === "bad_args" && request.asked && !request.cancelled) {
            // The bridge knows nothing to send again: what looked like the request's ack was a late one of its
            // context, and the request itself got lost; or it has answered many others since, and the same
            // request brings the same notes. It is asked for in a while: this may come twice.
            request.acked = false;
        } else if (address === "/antiphon/fail" && args[1] === "no_context" && !request.cancelled &&
                (request.whole.length || request.context.length)) {
            // The bridge was started anew in between, or had no room for this context among others. Said twice,
            // it is heard once.
            if (!request.context.length) {
                request.context = request.whole;
                request.whole = [];
                request.acked = false;
                this._say(request);
            }
        } else if (address === "/antiphon/fail") {
            this._end(request, request.cancelled ? failure("cancelled", "cancelled as asked") :
                failure(args[1], args[2]));
        } else if (address === "/antiphon/ack") {
            this._acked(request, args[1]);
        } else if (address === "/antiphon/progress") {
            if (wish.progress) { wish.progress(args[1]); }
        } else if (address === "/antiphon/notes") {
            request.acked = true;
            var take = takeOf(request, args[1]);
            take.of = args[3];
            take.chunks[args[2]] = notesOf(args, 5);
        } else if (address === "/antiphon/note") {
            request.acked = true;
            var singles = takeOf(request, args[1]).chunks;
            if (!singles[args[2]]) {
                singles[args[2]] = notesOf(args, 3);
                if (wish.note) { wish.note(args[1], args[2], singles[args[2]][0]); }
            }
        } else if (address === "/antiphon/done") {
            takeOf(request, args[1]).done = {total: args[2], endBeats: args[3], seed: args[4], natsPerNote: args[5]};
        }
        if (/\/(notes|note|done)$/.test(address) && this._requests[request.id] && !request.cancelled) {
            this._check(request);
        }
    };

    Antiphon.prototype._acked = function (request, seq) {
        if (!request.context.length) {
            request.acked = true;
            return;
        }
        request.context = request.context.filter(function (message) { return message[1][1] !== seq; });
        if (!request.context.length && !request.cancelled) { this._say(request); }
    };

    /** End a request whose takes are all here. */
    Antiphon.prototype._check = function (request) {
        var takes = [], index;
        for (index = 0; index < request.count; index++) {
            if (!request.takes[index] || !complete(request.takes[index])) { return; }
            takes.push(result(index, request.takes[index]));
        }
        this._end(request, null, takes);
    };

    Antiphon.prototype._end = function (request, error, takes) {
        delete this._requests[request.id];
        if (request.wish.done) { request.wish.done(error, takes); }
    };

    /** A request's options and those that were set; of two lengths its own, else beats. */
    Antiphon.prototype._options = function (own) {
        var all = copy(this._settings);
        Object.keys(own).forEach(function (key) { all[key] = own[key]; });
        if (!auto(all.bars) && !auto(all.beats) && (auto(own.bars) || auto(own.beats))) {
            delete all[auto(own.bars) ? "bars" : "beats"];
        }
        if (auto(all.model) && !auto(this._loaded)) { all.model = this._loaded; }
        return all;
    };

    Antiphon.prototype._introduction = function () {
        return [this._host.replyPort || 0, this._host.name || "js", PROTOCOL];
    };

    // ---- time

    /** Look after what has not been answered, as long as there is anything. */
    Antiphon.prototype._tick = function () {
        var self = this;
        if (this._ticking !== null || !(this._questions.length || Object.keys(this._requests).length)) { return; }
        var due = this._host.now() + AGAIN_MS / 2;
        this._ticking = this._host.later(function () {
            self._ticking = null;
            self._leaveOut(self._host.now() - due);
            self._again();
            self._tick();
        }, AGAIN_MS / 2);
    };

    /**
     * Leave out of the bridge's silence how late this program looks: it was held up, the computer slept, or its
     * clock was set. What came meanwhile may yet have to be received.
     */
    Antiphon.prototype._leaveOut = function (late) {
        var now = this._host.now(), requests = this._requests;
        function moved(time) {
            return Math.min(time + (late > AGAIN_MS ? late : 0), now); // later than now: the clock was put back
        }
        this._questions.forEach(function (question) {
            question.began = moved(question.began);
            question.sent = moved(question.sent);
        });
        Object.keys(requests).forEach(function (id) {
            requests[id].heard = moved(requests[id].heard);
            requests[id].sent = moved(requests[id].sent);
        });
    };

    Antiphon.prototype._again = function () {
        var self = this, now = this._host.now();
        this._questions.slice().forEach(function (question) {
            if (self._questions.indexOf(question) < 0) { return; } // another's callback closed the client
            if (now - question.began >= question.patience) {
                self._questions.splice(self._questions.indexOf(question), 1);
                if (question.callback) { question.callback(silence()); }
            } else if (now - question.sent >= AGAIN_MS) {
                question.sent = now;
                if (question.address !== HELLO) { self._greet(question.began); }
                self._post(question.address, question.args);
            }
        });
        Object.keys(this._requests).forEach(function (id) {
            var request = self._requests[id];
            if (!request) { return; }
            if (now - request.heard >= self.silenceMs) {
                self._end(request, silence());
            } else if (now - Math.max(request.heard, request.sent) >= AGAIN_MS) {
                self._greet(request.heard);
                self._say(request);
            }
        });
    };

    /** Tell a silent bridge once more where replies go: one that was started anew answers to another port. */
    Antiphon.prototype._greet = function (heard) {
        if (this._host.replyPort && this._host.now() - heard >= ANEW_MS) { this._post(HELLO, this._introduction()); }
    };

    /** Send a message within the pace that the bridge's buffer takes: at once, or when the pause is over. */
    Antiphon.prototype._post = function (address, args) {
        this._out.push([address, args]);
        this._flush();
    };

    Antiphon.prototype._flush = function () {
        var self = this;
        while (this._out.length && this._burst < MESSAGES_AT_ONCE) {
            this._burst++;
            this._host.send.apply(this._host, this._out.shift());
        }
        if (this._burst && this._pausing === null) {
            this._pausing = this._host.later(function () {
                self._pausing = null;
                self._burst = 0;
                self._flush();
            }, PAUSE_MS);
        }
    };

    // ---- plain functions

    function failure(code, message) {
        return {code: String(code), message: String(message)};
    }

    function silence() {
        return failure("timeout", "no bridge answers: start it with `antiphon serve`");
    }

    function auto(value) {
        return value === undefined || value === "auto";
    }

    /** How many takes come; 1 where the bridge decides or will refuse the number. */
    function takeCount(value) {
        var count = Number(value);
        return count >= 1 && count === Math.floor(count) ? count : 1;
    }

    function words(text) {
        return String(text).split(",").filter(function (word) { return word.length > 0; });
    }

    function copy(from) {
        var to = {};
        Object.keys(from).forEach(function (key) { to[key] = from[key]; });
        return to;
    }

    function pairs(options) {
        return Object.keys(options).reduce(function (all, key) { return all.concat([key, options[key]]); }, []);
    }

    function byOnset(a, b) {
        return a.start - b.start || (a.part || 0) - (b.part || 0) || a.pitch - b.pitch;
    }

    /** What is wrong with options that are the client's own to choose; null where there are none. */
    function ownOf(options) {
        var found = OWN.filter(function (key) { return options[key] !== undefined; });
        return found.length ? failure("bad_args", found[0] + " is the client's own to choose") : null;
    }

    /** The notes in order; of more than the bridge takes the last ones before the answer. */
    function fitting(notes, start) {
        var ordered = notes.slice().sort(byOnset), before = ordered;
        if (ordered.length > MAX_NOTES && !auto(start)) {
            before = ordered.filter(function (note) { return note.start < Number(start); });
        }
        return (before.length ? before : ordered).slice(-MAX_NOTES);
    }

    /** A context as messages [address, args] of at most 48 notes. */
    function contextMessages(id, ordered) {
        var messages = [];
        var of = Math.max(1, Math.ceil(ordered.length / NOTES_A_MESSAGE));
        for (var seq = 0; seq < of; seq++) {
            var chunk = ordered.slice(seq * NOTES_A_MESSAGE, (seq + 1) * NOTES_A_MESSAGE);
            messages.push(["/antiphon/context", chunk.reduce(function (args, n) {
                return args.concat([n.pitch, n.start, n.duration, n.velocity === undefined ? 80 : n.velocity,
                    n.part || 0]);
            }, [id, seq, of, chunk.length])]);
        }
        return messages;
    }

    function notesOf(args, at) {
        var notes = [];
        for (; at + 4 < args.length; at += 5) {
            notes.push({pitch: args[at], start: args[at + 1], duration: args[at + 2], velocity: args[at + 3],
                part: args[at + 4]});
        }
        return notes;
    }

    /** A take as far as it has come: messages (or, one by one, notes) by number. */
    function takeOf(request, index) {
        if (!request.takes[index]) { request.takes[index] = {chunks: {}, of: null, done: null}; }
        return request.takes[index];
    }

    function expected(take) {
        return take.of !== null ? take.of : take.done.total;
    }

    function complete(take) {
        // In mode chunk a take has at least one message, even one without notes.
        return !!take.done && (take.of !== null || take.done.total === 0 || !!take.chunks[0]) &&
            Object.keys(take.chunks).length >= expected(take);
    }

    function result(index, take) {
        var notes = [];
        for (var at = 0; at < expected(take); at++) { notes = notes.concat(take.chunks[at] || []); }
        return {index: index, notes: notes, endBeats: take.done.endBeats, seed: take.done.seed,
            natsPerNote: take.done.natsPerNote};
    }

    /** The arguments of the resends that bring what is missing. */
    function missing(request) {
        var asks = [];
        for (var index = 0; index < request.count; index++) {
            var take = request.takes[index];
            if (take && complete(take)) { continue; }
            var ask = [request.id, index];
            if (take && take.done && Object.keys(take.chunks).length) {
                for (var at = 0; at < expected(take) && ask.length < 2 + MESSAGES_AT_ONCE; at++) {
                    if (!take.chunks[at]) { ask.push(at); }
                }
            }
            asks.push(ask);
            if (!(take && take.done)) { break; } // it tells how far the request is; once is enough
        }
        return asks;
    }

    // ---- udpsend and udpreceive, in Max and Live alone

    /**
     * Find the bridge. udpreceive does not tell when somebody else has its port: without an answer another is tried.
     * Where there is no bridge yet, callback is called with the error, and once more when one has been started.
     *
     * @param {object} where name, send(address, args), listen(port), and client(client), which is told of the one to
     *     hand messages to.
     * @param {function} callback (error, bridge)
     */
    function inMax(where, callback) {
        var tries = 0, host = {
            name: where.name,
            now: function () { return new Date().getTime(); },
            later: function (act, ms) {
                var task = new Task(act, this);
                task.schedule(ms);
                return task;
            },
            clear: function (task) { task.cancel(); },
            send: where.send
        };
        var client = new Antiphon(host);
        // One client for all tries: what is asked meanwhile has its end, too.
        function attempt() {
            host.replyPort = FIRST_PORT + Math.floor(Math.random() * PORTS);
            where.listen(host.replyPort);
            client.hello(function (problem, bridge) {
                var silent = problem && problem.code === "timeout";
                if (silent && ++tries < TRIES) { return attempt(); }
                callback(problem, bridge);
                if (silent) { client.hello(callback, Infinity); } // it may be started later
            });
        }
        where.client(client);
        attempt();
    }

    Antiphon.inMax = inMax;

    // ---- OSC over UDP, in Node alone

    function padded(text) {
        var bytes = Buffer.from(text + "\0", "utf8");
        return Buffer.concat([bytes, Buffer.alloc((4 - bytes.length % 4) % 4)]);
    }

    /** A message as a datagram: whole numbers as i, others as f, texts as s. */
    function encode(address, args) {
        var tags = ",", parts = args.map(function (value) {
            var four = Buffer.alloc(4);
            if (typeof value === "string") {
                tags += "s";
                return padded(value);
            }
            value = Number(value);
            if (value === Math.round(value) && Math.abs(value) < 0x80000000) {
                tags += "i";
                four.writeInt32BE(value, 0);
            } else {
                tags += "f";
                four.writeFloatBE(value, 0);
            }
            return four;
        });
        return Buffer.concat([padded(address), padded(tags)].concat(parts));
    }

    /** A datagram of the bridge as {address, args}; throws where it is none. */
    function decode(bytes) {
        var at = 0;
        function text() {
            var end = bytes.indexOf(0, at), found = bytes.toString("utf8", at, end);
            if (end < 0) { throw new Error("not an OSC message"); }
            at = end + 4 - end % 4;
            return found;
        }
        var address = text(), tags = text(), args = [];
        for (var i = 1; i < tags.length; i++) {
            if (tags[i] === "s") {
                args.push(text());
            } else {
                args.push(tags[i] === "i" ? bytes.readInt32BE(at) : rounded(bytes.readFloatBE(at)));
                at += 4;
            }
        }
        return {address: address, args: args};
    }

    /** A 32-bit float without the noise that it has as a double. */
    function rounded(value) {
        return Math.round(value * 1e6) / 1e6;
    }

    /**
     * Open a socket and find the bridge. callback(error, client, bridge)
     *
     * @param {object} where host ("127.0.0.1"), port (7374), name.
     */
    function connect(where, callback) {
        var socket = require("dgram").createSocket("udp4");
        var client = new Antiphon({
            name: where.name || "node",
            now: Date.now,
            later: setTimeout,
            clear: clearTimeout,
            send: function (address, args) {
                socket.send(encode(address, args), where.port || 7374, where.host || "127.0.0.1");
            }
        });
        var close = client.close, closed = false;
        client.close = function () {
            close.call(client);
            if (!closed) { socket.close(); }
            closed = true;
        };
        socket.on("message", function (bytes) {
            var message;
            try {
                message = decode(bytes);
            } catch (error) {
                return; // a stranger's datagram
            }
            client.receive(message.address, message.args);
        });
        socket.on("error", function () { /* nobody listens yet: the silence will be noticed */ });
        client.hello(function (error, bridge) {
            if (error) { client.close(); }
            callback(error, error ? undefined : client, bridge);
        });
    }

    Antiphon.encode = encode;
    Antiphon.decode = decode;
    Antiphon.connect = connect;
    Antiphon.PROTOCOL = PROTOCOL;
    root.Antiphon = Antiphon;
    if (typeof module !== "undefined" && module.exports) { module.exports = Antiphon; }
}(typeof globalThis !== "undefined" ? globalThis : this));
