// What is inside Antiphon Generator, a MIDI Tool of Live 12 (ECMAScript 5). A tool must answer at once, and the
// network takes its time: so an answer is fetched ahead, and each use of the tool fetches the next.
//
// Inlets: 0 controls, live.thisdevice's bang and /antiphon/... ; 1 live.miditool.in's notes, 2 its context.
// Outlets: 0 to udpsend, 1 to udpreceive, 2 to live.miditool.out, 3 the status line, 4 the menu of models.

autowatch = 0;
inlets = 3;
outlets = 5;

var TO_SEND = 0, TO_RECEIVE = 1, TOOL = 2, STATUS = 3, MODELS = 4;

include("antiphon.js", this);

var values = {model: "auto", bars: 4, temperature: 1, key: 1, low: 0, high: 127, ending: 0};
var ENDINGS = ["auto", "open", "closed"];
var models = ["auto"];
var client = null, asked = false;
var stale = false;  // whether what is being fetched is not what is wanted any more
var ready = null;   // the notes that the next use of the tool gets
var scale = null;   // the clip's, as its tonic and pitch classes
var NOTES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

function status(text) {
    outlet(STATUS, "set", text);
}

// live.thisdevice
function bang() {
    if (client) { client.close(); }
    asked = false;
    Antiphon.inMax({
        name: "live tool",
        send: function (address, args) { outlet(TO_SEND, [address].concat(args)); },
        listen: function (port) { outlet(TO_RECEIVE, "port", port); },
        client: function (found) { client = found; }
    }, function (problem) {
        if (problem) { return status(problem.message); }
        client.models(function (trouble, list) {
            if (trouble) { return status(trouble.message); }
            models = ["auto"].concat(list.map(function (model) { return model.name; }));
            outlet(MODELS, ["_parameter_range"].concat(models));
            ready = null;
            fetch();
        });
    });
}

// Ask for the notes of the tool's next use.
function fetch() {
    stale = asked;
    if (asked || !client) { return; }
    var options = {bars: values.bars, temperature: values.temperature, start: 0};
    // The menu says an index, in a saved set before its entries are known.
    var model = typeof values.model === "number" ? models[values.model] || "auto" : values.model;
    if (model !== "auto") { options.model = model; }
    if (values.low > 0) { options.low = values.low; }
    if (values.high < 127) { options.high = values.high; }
    if (values.ending) { options.ending = ENDINGS[values.ending]; }
    if (values.key && scale) { options.scale = scale; }
    asked = true;
    client.request("generate", {options: options, done: function (problem, takes) {
        asked = false;
        if (stale) { return fetch(); }
        if (problem) { return status(problem.message); }
        ready = takes[0].notes;
        status(ready.length + " notes are ready, seed " + takes[0].seed);
    }});
}

function dictionary(name) {
    var dict = new Dict(name);
    if (inlet === 2) {
        context(JSON.parse(dict.stringify()));
    } else {
        answer();
    }
}

// What the tool is told of the clip: its scale is the next answer's.
function context(told) {
    var found = told.scale, before = scale;
    if (found && found.scale_intervals && found.scale_intervals.length) {
        scale = NOTES[found.root_note] + " " + found.scale_intervals.map(function (step) { return (found.root_note + step) % 12; })
            .sort(function (a, b) { return a - b; }).join(",");
    } else {
        scale = null;
    }
    if (scale !== before) {
        ready = null;
        fetch();
    }
}

// Answer at once with what is there, and fetch the next.
function answer() {
    var notes = (ready || []).map(function (n) {
        return {pitch: n.pitch, start_time: n.start, duration: n.duration, velocity: n.velocity, mute: 0,
            probability: 1};
    });
    var dict = new Dict();
    dict.parse(JSON.stringify({notes: notes}));
    outlet(TOOL, "dictionary", dict.name);
    if (!ready) { status("nothing is ready yet: is `antiphon serve` running? Then use the tool again"); }
    ready = null;
    fetch();
}

function anything() {
    var args = arrayfromargs(arguments);
    if (messagename.charAt(0) === "/") {
        if (client) { client.receive(messagename, args); }
    } else if (values[messagename] !== undefined) {
        values[messagename] = args[0];
        ready = null;
        fetch();
    }
}

function notifydeleted() {
    if (client) { client.close(); }
}
