// Continues a theme and plays the answer. Start the bridge first: antiphon serve
//
//   chuck antiphon.ck                                            the theme beside this file
//   chuck antiphon.ck:my.notes:folk:4:7                          notes to continue, model, bars, seed
//   chuck antiphon.ck:my.notes:folk:4:7:7374:9108                port of the bridge, port for the replies
//
// "-" for the notes makes music from nothing. What happens is written line by line to standard output.

me.dir() + "theme.notes" => string file;
"folk" => string model;
4 => int bars;
Math.random2(0, 16777215) => int seed;
7374 => int port;
9108 => int replyPort;
0 => int quiet; // 1: print, do not play
0 => int patience; // milliseconds after which to cancel; 0: never
if (me.args() > 0 && me.arg(0) != "") me.arg(0) => file;
if (me.args() > 1) me.arg(1) => model;
if (me.args() > 2) Std.atoi(me.arg(2)) => bars;
if (me.args() > 3) Std.atoi(me.arg(3)) => seed;
if (me.args() > 4) Std.atoi(me.arg(4)) => port;
if (me.args() > 5) Std.atoi(me.arg(5)) => replyPort;
if (me.args() > 6) Std.atoi(me.arg(6)) => quiet;
if (me.args() > 7) Std.atoi(me.arg(7)) => patience;

48 => int NOTES_A_MESSAGE;
"chuck-" + Math.random2(0, 1 << 24) => string id;

OscOut out;
out.dest("127.0.0.1", port);
OscIn in;
replyPort => in.port;
in.listenAll();

// Without sound (--silent) ChucK's time runs as fast as the computer can: wait longer by its clock.
Machine.silent() ? 2000.0 : 1.0 => float patient;

// What has been heard.
0 => int greeted;
0 => int acks;
0 => int over;
float answer[0]; // five numbers a note, as ChucK keeps no arrays of arrays that grow

fun void hear() {
    OscMsg m;
    while (true) {
        in => now;
        while (in.recv(m)) {
            if (m.address == "/antiphon/hello/reply") {
                1 => greeted;
                chout <= "hello " <= m.getString(4) <= IO.nl();
            } else if (m.numArgs() > 0 && m.typetag.substring(0, 1) == "s" && m.getString(0) == id) {
                if (m.address == "/antiphon/ack") acks++;
                if (m.address == "/antiphon/progress") chout <= "progress " <= m.getFloat(1) <= IO.nl();
                if (m.address == "/antiphon/notes") {
                    for (5 => int at; at + 4 < m.numArgs(); 5 +=> at) {
                        answer << m.getInt(at) << m.getFloat(at + 1) << m.getFloat(at + 2) << m.getInt(at + 3)
                            << m.getInt(at + 4);
                        chout <= "note " <= m.getInt(at) <= " " <= m.getFloat(at + 1) <= " " <= m.getFloat(at + 2)
                            <= " " <= m.getInt(at + 3) <= " " <= m.getInt(at + 4) <= IO.nl();
                    }
                }
                if (m.address == "/antiphon/done") {
                    chout <= "done " <= m.getInt(2) <= " " <= m.getFloat(3) <= " " <= m.getInt(4) <= IO.nl();
                    1 => over;
                }
                if (m.address == "/antiphon/fail") {
                    chout <= "fail " <= m.getString(1) <= " " <= m.getString(2) <= IO.nl();
                    2 => over;
                }
            }
            chout.flush();
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
        input.readLine() => string line;
        if (line.length() && line.substring(0, 1) != "#") {
            StringTokenizer words;
            words.set(line);
            for (0 => int i; i < 5; i++) notes << (words.more() ? Std.atof(words.next()) : 0.0);
        }
    }
    return notes;
}

// Send the context until all of its messages are acknowledged.
fun void sendContext(float notes[]) {
    notes.size() / 5 => int count;
    (count + NOTES_A_MESSAGE - 1) / NOTES_A_MESSAGE => int of;
    for (0 => int seq; seq < of; seq++) {
        seq * NOTES_A_MESSAGE => int first;
        Math.min(first + NOTES_A_MESSAGE, count) $ int => int last;
        out.start("/antiphon/context").add(id).add(seq).add(of).add(last - first);
        for (first * 5 => int i; i < last * 5; 5 +=> i) {
            out.add(notes[i] $ int).add(notes[i + 1]).add(notes[i + 2]).add(notes[i + 3] $ int)
                .add(notes[i + 4] $ int);
        }
        out.send();
        1::ms => now;
    }
    now + (5 * patient)::second => time late;
    while (acks < of && !over && now < late) 5::ms => now;
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

spork ~ hear();
for (0 => int again; again < 8 && !greeted; again++) {
    out.start("/antiphon/hello").add(replyPort).add("chuck").add(1).send();
    for (0 => int i; i < 25 && !greeted; i++) (10 * patient)::ms => now;
}
if (!greeted) {
    chout <= "fail timeout no bridge answers: start it with antiphon serve" <= IO.nl();
    me.exit();
}
"/antiphon/generate" => string verb;
if (file != "-") {
    load(file) @=> float notes[];
    sendContext(notes);
    "/antiphon/continue" => verb;
}
out.start(verb).add(id).add("model").add(model).add("bars").add(bars).add("seed").add(seed).send();
now => time asked;
while (!over && now < asked + (60 * patient)::second) {
    10::ms => now;
    if (patience && now > asked + (patience * patient)::ms) {
        out.start("/antiphon/cancel").add(id).send();
        0 => patience;
    }
}
if (over == 1 && !quiet && answer.size()) {
    0.5::second => dur beat;
    answer[1] => float at;
    for (0 => int i; i < answer.size(); 5 +=> i) {
        (answer[i + 1] - at)::beat => now;
        answer[i + 1] => at;
        spork ~ play(answer[i], answer[i + 2], answer[i + 3], beat);
    }
    4::second => now;
}
