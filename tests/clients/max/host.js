// node host.js SCRIPT SEARCH_FOLDERS…: runs a script of Max's js object among stubs of what Max gives it, written from
// its documentation, over real UDP. Reads JSON lines {send: [message, ...]}, {until: [outlet, word, ms]} from standard
// input, prints what comes out of the outlets.
"use strict";
const dgram = require("dgram");
const fs = require("fs");
const path = require("path");
const vm = require("vm");
const {encode, decode} = require("../../../bridge/clients/node/antiphon.js");

const [script, ...folders] = process.argv.slice(2);
const MOST = 256; // elements of a list in Max
const WIRE = {host: "127.0.0.1", port: 7374};
let sender = dgram.createSocket("udp4");
let receiver = null;
let said = [];
let waiting = null;
let pattr = null; // what [pattr @bindto] holds: it asks again when it is notified

function print(value) {
    console.log(JSON.stringify(value));
}

function out(index, ...parts) {
    const list = parts.length === 1 && Array.isArray(parts[0]) ? parts[0] : parts;
    if (list.length > MOST) throw new Error(`a list of ${list.length} elements: Max shows ${MOST}`);
    for (const part of list) {
        if (!["number", "string"].includes(typeof part) || Number.isNaN(part)) throw new Error(`outlet of ${part}`);
    }
    if (index === 0 && list[0] === "host") WIRE.host = list[1];
    else if (index === 0 && list[0] === "port") WIRE.port = list[1];
    else if (index === 0) sender.send(encode(list[0], list.slice(1)), WIRE.port, WIRE.host);
    else if (index === 1) listen(list[1]);
    else {
        said.push([index, ...list]);
        if (waiting && waiting(index, list)) waiting = null;
    }
}

/** [udpreceive]: a port that somebody else has stays silent. */
function listen(port) {
    if (receiver) receiver.close();
    const socket = dgram.createSocket("udp4");
    receiver = socket;
    socket.on("error", () => {});
    socket.on("message", (bytes) => {
        const {address, args} = decode(bytes);
        max(address, args);
    });
    socket.bind(port, "127.0.0.1");
}

class Task {
    constructor(act, object) {
        this.act = act.bind(object);
    }
    schedule(ms) {
        this.timer = setTimeout(this.act, ms);
    }
    cancel() {
        clearTimeout(this.timer);
    }
}

const context = {
    outlet: out,
    post: () => {},
    error: (text) => said.push(["console", text.trim()]),
    include: (name) => {
        const found = folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file));
        vm.runInContext(fs.readFileSync(found, "utf8"), context, {filename: found});
    },
    arrayfromargs: (...given) => Array.from(given[given.length - 1]),
    setinletassist: () => {},
    setoutletassist: () => {},
    notifyclients: () => { pattr = context.getvalueof(); },
    Task,
    // Max's engine has neither setTimeout nor require: what is not here does not exist.
};
const live = process.env.ANTIPHON_SET ? require("./live.js") : null;
if (live) Object.assign(context, live.globals(JSON.parse(process.env.ANTIPHON_SET)));
vm.createContext(context);
vm.runInContext(fs.readFileSync(script, "utf8"), context, {filename: script});

/** A message to the js object: the function of that name, else anything(). */
function max(message, args) {
    if (live && message === "host") {
        WIRE.port = args[0];
        return;
    }
    context.messagename = message;
    const began = process.hrtime.bigint();
    const known = Object.prototype.hasOwnProperty.call(context, message) && typeof context[message] === "function";
    if (known) context[message](...args);
    else context.anything(...args);
    const ms = Number(process.hrtime.bigint() - began) / 1e6;
    if (ms > 500) throw new Error(`${message} held Max up for ${ms} ms`);
}

async function run() {
    const steps = fs.readFileSync(0, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
    if (live) {
        max("host", [steps[0].connect]); // the test's own: the device has no such control
        live.load();
        max("bang", []);
    } else if (context.loadbang) {
        if (steps[0].connect) context.loadbang = () => max("connect", ["127.0.0.1", steps[0].connect]);
        context.loadbang();
    }
    for (const step of steps) {
        context.inlet = step.inlet || 0;
        if (step.send) max(step.send[0], step.send.slice(1));
        if (step.bridge) WIRE.port = step.bridge; // there is one now
        if (step.anew) {
            // To a bridge that was started anew this is a stranger.
            sender.close();
            sender = dgram.createSocket("udp4");
        }
        if (step.user) live.user(step.user);
        if (step.set) print([["set", live.snapshot()]]);
        if (step.value !== undefined) context.setvalueof(step.value);
        if (step.kept) print(["kept", pattr]);
        if (step.until) {
            const [outlet, word] = step.until;
            const fits = (index, list) => index === outlet && list[0] === word;
            if (!said.some(([index, ...list]) => fits(index, list))) {
                await new Promise((resolve) => {
                    const timer = setTimeout(resolve, step.until[2] || 20000);
                    waiting = (index, list) => {
                        if (!fits(index, list)) return false;
                        clearTimeout(timer);
                        resolve();
                        return true;
                    };
                });
            }
            print(said);
            said = [];
        }
    }
    print([["outlets", context.outlets, context.inlets]]);
    if (context.notifydeleted) context.notifydeleted();
    sender.close();
    if (receiver) receiver.close();
}

run();
