// Continues a theme and plays the answer. Start the bridge first: antiphon serve
//
//   chuck antiphon.ck                                            the theme beside this file
//   chuck antiphon.ck:my.notes:folk:4:7:6/8                      notes to continue, model, bars, seed, metre
//   chuck antiphon.ck:my.notes:folk:4:7:6/8:7374:9108            port of the bridge, port for the replies
//
// "-" for the notes makes music from nothing. Without a metre notes are read in 4/4, which the theme is in, and
// music from nothing is in the model's usual one. What happens is written line by line to standard output.

me.dir() + "theme.notes" => string file;
"folk" => string model;
4.0 => float bars;
Math.random2(0, 16777215) => int seed;
7374 => int port;
9108 => int replyPort;
0 => int quiet; // 1: print, do not play
0 => int patience; // milliseconds after which to cancel; 0: never
if (me.args() > 0 && me.arg(0) != "") me.arg(0) => file;
if (me.args() > 1) me.arg(1) => model;
if (me.args() > 2) Std.atof(me.arg(2)) => bars;
if (me.args() > 3) Std.atoi(me.arg(3)) => seed;
(file == "-" ? "auto" : "4/4") => string metre;
if (me.args() > 4 && me.arg(4) != "") me.arg(4) => metre;
if (me.args() > 5) Std.atoi(me.arg(5)) => port;
if (me.args() > 6) Std.atoi(me.arg(6)) => replyPort;
if (me.args() > 7) Std.atoi(me.arg(7)) => quiet;
if (me.args() > 8) Std.atoi(me.arg(8)) => patience;

1 => int PROTOCOL;
48 => int NOTES_A_MESSAGE;
4096 => int MAX_NOTES; // of a context that the bridge takes; models read the last few hundred
"chuck-" + Math.random2(0, 1 << 24) => string id;

OscOut out;
out.dest("127.0.0.1", port);
OscIn in;
replyPort => in.port;
in.listenAll();

// Without sound (--silent) ChucK's time runs as fast as the computer can: wait longer by its clock.
Machine.silent() ? 2000.0 : 1.0 => float patient;
(250 * patient)::ms => dur again;
(5 * patient)::second => dur silence;

// What has been heard.
0 => int greeted;
now => time heard;
0 => int over;      // 1: the answer is whole, 2: there will be none
0 => int accepted;  // the request has arrived
0 => int resent;    // what is missing has been asked for
0 => int toldAgain; // the whole context has been sent twice
0 => int cancelled; // what still comes is not wanted
int acked[0];       // messages of the context that have arrived
0 => int acks;
float pieces[0][0]; // messages of the answer, five numbers a note
int here[0];        // those that have come
0 => int arrived;
-1 => int total;
0.0 => float end;

// What is sent.
float theme[0];
0 => int of; // messages of the context; 0: music from nothing
now => time sent;

fun void take(OscMsg m) {
    if (!here.size()) {
        new float[m.getInt(3)][0] @=> pieces;
        new int[m.getInt(3)] @=> here;
    }
    m.getInt(2) => int seq;
    if (here[seq]) return;
    1 => here[seq];
    arrived++;
    for (5 => int at; at + 4 < m.numArgs(); 5 +=> at) {
        pieces[seq] << m.getInt(at) << m.getFloat(at + 1) << m.getFloat(at + 2) << m.getInt(at + 3)
            << m.getInt(at + 4);
    }
}

fun void tell() {
    for (0 => int seq; seq < pieces.size(); seq++) {
        for (0 => int i; i < pieces[seq].size(); 5 +=> i) {
            chout <= "note " <= pieces[seq][i] $ int <= " " <= pieces[seq][i + 1] <= " " <= pieces[seq][i + 2]
                <= " " <= pieces[seq][i + 3] $ int <= " " <= pieces[seq][i + 4] $ int <= IO.nl();
        }
    }
    chout <= "done " <= total <= " " <= end <= " " <= seed <= IO.nl();
}

// The notes by start: they come in the order of the model's grid, and drums are struck a little off it.
fun float[] inOrder() {
    float notes[0];
    for (0 => int seq; seq < pieces.size(); seq++) {
        for (0 => int i; i < pieces[seq].size(); 5 +=> i) {
            notes.size() => int at;
            notes.size() + 5 => notes.size;
            for (; at && notes[at - 4] > pieces[seq][i + 1]; 5 -=> at) {
                for (0 => int j; j < 5; j++) notes[at - 5 + j] => notes[at + j];
            }
            for (0 => int j; j < 5; j++) pieces[seq][i + j] => notes[at + j];
        }
    }
    return notes;
}

fun void fail(string code, string sentence) {
    chout <= "fail " <= code <= " " <= sentence <= IO.nl();
    chout.flush();
    2 => over;
}

fun void hear(OscMsg m) {
    now => heard;
    if (m.address != "/antiphon/ack" && m.address != "/antiphon/fail") 1 => accepted;
    if (m.address == "/antiphon/ack") {
        if (acks == of) {
            1 => accepted;
        } else if (!acked[m.getInt(1)]) {
            1 => acked[m.getInt(1)];
            acks++;
            if (acks == of && !cancelled) sendRequest();
        }
    }
    if (m.address == "/antiphon/progress") chout <= "progress " <= m.getFloat(1) <= IO.nl();
    if (m.address == "/antiphon/notes") take(m);
    if (m.address == "/antiphon/done") {
        m.getInt(2) => total;
        m.getFloat(3) => end;
        m.getInt(4) => seed;
    }
    if (m.address == "/antiphon/fail") {
        if (cancelled) {
            fail("cancelled", "cancelled as asked");
        } else if (resent && m.getString(1) == "bad_args") {
            // What looked like the request's ack was a late one of its context, and the request got lost; or
            // the bridge keeps its answer no more. It is asked for in a while: this may come twice.
            0 => accepted;
        } else if (m.getString(1) == "no_context" && of && (acks < of || !toldAgain)) {
            // The bridge was started anew in between, or had no room for this context among others. Said twice,
            // it is heard once.
            if (acks == of) tellAgain();
        } else fail(m.getString(1), m.getString(2));
    }
    if (!cancelled && total >= 0 && here.size() && arrived == here.size()) {
        tell();
        1 => over;
    }
    chout.flush();
}

fun void listen() {
    OscMsg m;
    while (true) {
        in => now;
        while (in.recv(m)) {
            if (m.address == "/antiphon/hello/reply" && !greeted) {
                1 => greeted;
                if (m.getInt(2) != PROTOCOL) {
                    fail("protocol", "the bridge speaks protocol " + m.getInt(2) + ", this file " + PROTOCOL
                        + "; bring both to one version");
                    continue;
                }
                chout <= "hello " <= m.getString(4) <= IO.nl();
                chout.flush();
            } else if (!over && m.numArgs() && m.typetag.substring(0, 1) == "s" && m.getString(0) == id) {
                hear(m);
            }
        }
    }
}

// The notes of a file, a note a line; # starts a comment.
fun float[] load(string path) {
    float notes[0];
    FileIO input;
    input.open(path, FileIO.READ);
    if (!input.good()) {
        chout <= "fail no_file cannot read " <= path <= IO.nl();
        me.exit();
    }
    while (input.more()) {
        StringTokenizer words;
        words.set(input.readLine());
        if (!words.more()) continue;
        words.next() => string word;
        if (word.substring(0, 1) == "#") continue;
        notes << Std.atof(word);
        for (1 => int i; i < 5; i++) notes << (words.more() ? Std.atof(words.next()) : 0.0);
    }
    return notes;
}

// Send the messages of the context that have not been acknowledged.
fun void sendContext() {
    theme.size() / 5 => int count;
    Math.max(0, count - MAX_NOTES) $ int => int skipped;
    for (0 => int seq; seq < of; seq++) {
        if (acked[seq]) continue;
        skipped + seq * NOTES_A_MESSAGE => int first;
        Math.min(first + NOTES_A_MESSAGE, count) $ int => int last;
        out.start("/antiphon/context").add(id).add(seq).add(of).add(last - first);
        for (first * 5 => int i; i < last * 5; 5 +=> i) {
            out.add(theme[i] $ int).add(theme[i + 1]).add(theme[i + 2]).add(theme[i + 3] $ int)
                .add(theme[i + 4] $ int);
        }
        out.send();
        1::ms => now;
    }
}

fun void tellAgain() {
    1 => toldAgain;
    0 => acks => accepted;
    new int[of] @=> acked;
    say();
}

fun void sendRequest() {
    out.start(of ? "/antiphon/continue" : "/antiphon/generate").add(id).add("model").add(model)
        .add("bars").add(bars).add("seed").add(seed).add("metre").add(metre).send();
}

// Send what has not been answered yet.
fun void say() {
    if (cancelled) {
        out.start("/antiphon/cancel").add(id).send();
    } else if (acks < of) {
        sendContext();
    } else if (!accepted) {
        0 => resent;
        sendRequest();
    } else {
        1 => resent;
        out.start("/antiphon/resend").add(id).add(0);
        if (total >= 0) for (0 => int seq; seq < here.size(); seq++) if (!here[seq]) out.add(seq);
        out.send();
    }
    now => sent;
}

fun void play(float pitch, float beats, float velocity, dur beat) {
    SinOsc tone => ADSR envelope => dac;
    velocity / 127 * 0.3 => tone.gain;
    Std.mtof(pitch) => tone.freq;
    envelope.set(5::ms, 50::ms, 0.6, 50::ms);
    envelope.keyOn();
    beats::beat => now;
    envelope.keyOff();
    60::ms => now;
}

spork ~ listen();
for (0 => int again; again < 8 && !greeted; again++) {
    out.start("/antiphon/hello").add(replyPort).add("chuck").add(PROTOCOL).send();
    for (0 => int i; i < 25 && !greeted; i++) (10 * patient)::ms => now;
}
if (!greeted) {
    chout <= "fail timeout no bridge answers: start it with antiphon serve" <= IO.nl();
    me.exit();
}
if (over) me.exit();
if (file != "-") {
    load(file) @=> theme;
    (Math.min(theme.size() / 5, MAX_NOTES) $ int + NOTES_A_MESSAGE - 1) / NOTES_A_MESSAGE => of;
    if (!of) {
        chout <= "fail no_context there are no notes in " <= file <= IO.nl();
        me.exit();
    }
    new int[of] @=> acked;
}
now => heard => time asked;
say();
while (!over) {
    10::ms => now;
    if (over) break;
    if (now > heard + silence) {
        fail("timeout", "no bridge answers: start it with antiphon serve");
    } else if (now > heard + again && now > sent + again) {
        say();
    }
    if (patience && now > asked + (patience * patient)::ms) {
        0 => patience;
        1 => cancelled;
        say();
    }
}
if (over == 1 && !quiet && total) {
    0.5::second => dur beat;
    inOrder() @=> float notes[];
    notes[1] => float at;
    at => float last;
    for (0 => int i; i < notes.size(); 5 +=> i) {
        (notes[i + 1] - at)::beat => now;
        notes[i + 1] => at;
        Math.max(last, at + notes[i + 2]) => last;
        spork ~ play(notes[i], notes[i + 2], notes[i + 3], beat);
    }
    (last - at)::beat + 0.2::second => now;
}
