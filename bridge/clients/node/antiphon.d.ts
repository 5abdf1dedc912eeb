/** A client of the Antiphon bridge. */
declare class Antiphon {
    constructor(host: Antiphon.Host);

    /** Milliseconds without a sign of the bridge before a request is given up. */
    silenceMs: number;

    hello(callback: Antiphon.Callback<Antiphon.Bridge>, patience?: number): void;
    models(callback: Antiphon.Callback<Antiphon.Model[]>): void;
    params(callback: Antiphon.Callback<Antiphon.Param[]>): void;
    status(callback: Antiphon.Callback<Antiphon.Status>): void;
    load(model: string, callback?: Antiphon.Callback<string>): void;
    set(options: Antiphon.Options, callback?: Antiphon.Callback<Antiphon.Options>): void;
    get(key: string, callback: Antiphon.Callback<number | string>): void;
    /** Ask for notes; returns the request's id. */
    request(verb: "generate" | "continue" | string, wish: Antiphon.Wish): string;
    cancel(id: string): void;
    close(): void;
    /** Tell the client of a message that came in; `connect` does so by itself. */
    receive(address: string, args: Antiphon.Value[]): void;

    static readonly PROTOCOL: number;
    /** Node alone: open a socket and find the bridge. */
    static connect(
        where: {host?: string; port?: number; name?: string},
        callback: (error: Antiphon.Failure | null, client: Antiphon, bridge: Antiphon.Bridge) => void
    ): void;
    /** Max and Live alone: find the bridge by udpsend and udpreceive. */
    static inMax(
        where: {name: string; send: Antiphon.Host["send"]; listen(port: number): void; client(client: Antiphon): void},
        callback: (error: Antiphon.Failure | null, bridge: Antiphon.Bridge) => void
    ): void;
    /** Node alone: a message as an OSC datagram. */
    static encode(address: string, args: Antiphon.Value[]): Uint8Array;
    /** Node alone: an OSC datagram as a message. */
    static decode(bytes: Uint8Array): {address: string; args: Antiphon.Value[]};
}

declare namespace Antiphon {
    type Value = number | string;
    type Options = Record<string, Value>;
    type Callback<T> = (error: Failure | null, value: T) => void;

    /** What the program around gives. */
    interface Host {
        send(address: string, args: Value[]): void;
        /** Milliseconds since some moment. */
        now(): number;
        later(act: () => void, ms: number): unknown;
        clear(handle: any): void;
        name?: string;
        /** The port that replies are to come to; 0: the one that sends. */
        replyPort?: number;
    }

    interface Failure { code: string; message: string }
    interface Bridge { name: string; version: string; protocol: number; replyPort: number; capabilities: string[] }
    interface Model { name: string; title: string; tasks: string[]; parts: string[]; megabytes: number }
    interface Param { key: string; type: "i" | "f" | "s"; min: number; max: number; def: number; doc: string }
    interface Status { protocol: number; model: string; ready: boolean; queued: number; lastMs: number }

    /** Starts and durations are beats on your own timeline; velocity is 80 and part 0 where left out. */
    interface Note { pitch: number; start: number; duration: number; velocity?: number; part?: number }
    interface Take { index: number; notes: Required<Note>[]; endBeats: number; seed: number; natsPerNote: number }

    interface Wish {
        /** The context, in any order. */
        notes?: Note[];
        options?: Options;
        /** Hear of each note as soon as it is chosen. */
        single?: boolean;
        progress?(fraction: number): void;
        note?(take: number, index: number, note: Required<Note>): void;
        done?(error: Failure | null, takes: Take[]): void;
    }
}

export = Antiphon;
