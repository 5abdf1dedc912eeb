// Answers of an Antiphon bridge as patterns.
+ Antiphon {
	// A take as a pattern: a Pbind of its notes, in time, from a beat on, else from its first note's. What begins
	// before that beat is left out. Its tempo is the TempoClock's.
	*asPattern { |take, parts, from|
		var notes = take[\notes].select { |n| parts.isNil or: { parts.asArray.includes(n[4]) } };
		var first, starts, hair = 1 / 48;
		// A note that should begin on the beat may come a hair before it, as drums and 32-bit floats do.
		if(from.notNil) { notes = notes.select { |n| n[1] > (from - hair) } };
		notes = notes.sort { |a, b| a[1] <= b[1] };
		starts = notes.collect(_[1]) ++ [take[\endBeats]];
		first = from ?? { if(notes.isEmpty) { starts[0] } { starts[0].floor } };
		starts = starts.max(first);
		^Pbind(
			\midinote, Pseq([\rest] ++ notes.collect(_[0])),
			\dur, Pseq([starts[0] - first] ++ (starts.drop(1) - starts.drop(-1))),
			\sustain, Pseq([0] ++ notes.collect(_[2])),
			\amp, Pseq([0] ++ notes.collect { |n| n[3] / 127 })
		)
	}

	asPattern { |index = 0, parts, from|
		^Antiphon.asPattern(takes[index] ?? {
			"Antiphon: there is no take %".format(index).warn;
			(notes: [], endBeats: from ? 0)
		}, parts, from)
	}
}
