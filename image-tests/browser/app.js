// A Matrix client in a browser, of the verbs that the tests need. Each is what a person does with one, ends when the client
// has done it, and gives what there is to be known of it; a failure is said in the server's words.
import { AutoDiscovery, createClient, MsgType } from "./matrix.js";

const $ = (id) => document.getElementById(id);
const quiet = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error, getChild: () => quiet };

let client;
let room;
let registration;
// What has been decrypted, by event, to be shown.
const pictures = new Map();

// until SECONDS LOOK: what it gives as soon as it gives something; in vain it tells what it last saw.
async function until(seconds, what, look, seen = () => "") {
    const end = performance.now() + seconds * 1000;
    for (;;) {
        const found = await look();
        if (found) return found;
        if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s ${seen()}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
}

// The homeserver of WHERE: an address as it is, a server name by its well-known document.
async function homeserver(where) {
    if (where.includes("://")) return where.replace(/\/$/, "");
    const found = (await AutoDiscovery.findClientConfig(where))["m.homeserver"];
    if (found.state !== AutoDiscovery.SUCCESS) throw new Error(`${where} names no homeserver: ${found.error}`);
    return found.base_url;
}

// Goes on with an account that the homeserver at `url` has let in. Where it says that it is elsewhere, it is asked there.
async function begin(url, { user_id, device_id, access_token, well_known }) {
    const baseUrl = (well_known?.["m.homeserver"]?.base_url ?? url).replace(/\/$/, "");
    client = createClient({ baseUrl, userId: user_id, deviceId: device_id, accessToken: access_token, logger: quiet });
    await client.initRustCrypto();
    await client.startClient();
    await until(60, "the first sync", () => client.isInitialSyncComplete());
    return `${user_id} at ${client.baseUrl}`;
}

const events = () => room?.getLiveTimeline().getEvents() ?? [];
const said = () => events().map((event) => event.getContent().body ?? event.getType()).join(", ");

function noise(canvas) {
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(canvas.width, canvas.height);
    for (let at = 0; at < image.data.length; at += 65536) crypto.getRandomValues(image.data.subarray(at, at + 65536));
    for (let at = 3; at < image.data.length; at += 4) image.data[at] = 255;
    pen.putImageData(image, 0, 0);
    return pen;
}

// A picture of about 300 kB that shows TEXT.
async function picture(text) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [400, 240];
    const pen = noise(canvas);
    pen.fillStyle = "#fff";
    pen.fillRect(20, 90, 360, 60);
    pen.fillStyle = "#000";
    pen.font = "28px sans-serif";
    pen.textAlign = "center";
    pen.fillText(text, 200, 130, 340);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    return new Uint8Array(await blob.arrayBuffer());
}

const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/=+$/, "");
const bytes = (text) => Uint8Array.from(atob(text), (it) => it.charCodeAt(0));
const hash = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));
const hex = (data) => Array.from(data, (it) => it.toString(16).padStart(2, "0")).join("");
const counter = (iv) => ({ name: "AES-CTR", counter: iv, length: 64 });

// As the specification has it for encrypted attachments.
async function encrypted(data) {
    const key = await crypto.subtle.generateKey({ name: "AES-CTR", length: 256 }, true, ["encrypt", "decrypt"]);
    const iv = new Uint8Array(16);
    crypto.getRandomValues(iv.subarray(0, 8));
    const secret = await crypto.subtle.encrypt(counter(iv), key, data);
    const jwk = await crypto.subtle.exportKey("jwk", key);
    return { secret, file: { v: "v2", key: jwk, iv: base64(iv), hashes: { sha256: base64(await hash(secret)) } } };
}

async function decrypted(secret, file) {
    if (base64(await hash(secret)) !== file.hashes.sha256) throw new Error("what was downloaded is not what was sent");
    const key = await crypto.subtle.importKey("jwk", file.key, "AES-CTR", false, ["decrypt"]);
    return new Uint8Array(await crypto.subtle.decrypt(counter(bytes(file.iv)), key, secret));
}

// One attempt to register with `auth` for the stage, and what it came to: a login, or what the homeserver still wants.
async function attempt(auth) {
    const { asked, username, password, session } = registration;
    try {
        return await asked.registerRequest({ username, password, auth: auth && { ...auth, session } });
    } catch (error) {
        if (error.httpStatus !== 401) throw error;
        return { wants: error.data };
    }
}

const verbs = {
    // WHERE is a server name, or the address of a homeserver.
    async logs_in(where, user, password) {
        const url = await homeserver(where);
        const login = await createClient({ baseUrl: url, logger: quiet }).loginRequest({
            type: "m.login.password",
            identifier: { type: "m.id.user", user },
            password,
        });
        return begin(url, login);
    },
    // Begins to register: gives the token, if one is asked for, and lets the homeserver send a mail, if it wants to.
    async registers(where, username, password, token, email) {
        const url = await homeserver(where);
        registration = { url, asked: createClient({ baseUrl: url, logger: quiet }), username, password };
        let { wants } = await attempt();
        if (!wants) throw new Error("the homeserver asks for nothing");
        const { flows, session } = wants;
        registration.session = session;
        const { stages } = flows[0];
        if (stages.includes("m.login.registration_token")) {
            const type = "m.login.registration_token";
            const came = await attempt({ type, token });
            if (came.wants && !came.wants.completed?.includes(type)) throw new Error(JSON.stringify(came.wants));
            registration.login = came.wants ? undefined : came;
        }
        if (stages.includes("m.login.email.identity")) {
            const client_secret = registration.asked.generateClientSecret();
            const { sid } = await registration.asked.requestRegisterEmailToken(email, client_secret, 1);
            const proof = { sid, client_secret };
            registration.auth = { type: "m.login.email.identity", threepid_creds: proof, threepidCreds: proof };
        }
        return flows.map((flow) => flow.stages.join(" ")).join("\n");
    },
    // Waits until the mail is confirmed, or whatever else was missing; then it is logged in.
    async is_registered(seconds = 60) {
        let last;
        const login = registration.login ?? await until(Number(seconds), "the account", async () => {
            last = await attempt(registration.auth ?? { type: "m.login.dummy" });
            return last.wants ? undefined : last;
        }, () => JSON.stringify(last.wants));
        return begin(registration.url, login);
    },
    async makes_room(...invite) {
        const { room_id } = await client.createRoom({
            preset: "private_chat",
            name: "A room",
            invite,
            initial_state: [{ type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
        });
        room = await until(60, "the room", () => client.getRoom(room_id));
        await until(60, "its encryption", () => client.getCrypto().isEncryptionEnabledInRoom(room_id));
        return room_id;
    },
    async joins(room_id) {
        await client.joinRoom(room_id);
        room = await until(60, "the room", () => client.getRoom(room_id));
        await until(60, "the membership", () => room.getMyMembership() === "join");
        return room_id;
    },
    // Waits until USER is in the room.
    async meets(user) {
        await until(60, user, () => room.getMember(user)?.membership === "join");
        return `${room.getJoinedMemberCount()} members`;
    },
    async sends(text) {
        return (await client.sendTextMessage(room.roomId, text)).event_id;
    },
    // Waits until somebody has sent TEXT, encrypted.
    async reads(text) {
        const is = (event) => event.isEncrypted() && event.getType() === "m.room.message" && event.getContent().body === text;
        const event = await until(60, `"${text}"`, () => events().find(is), said);
        return `${event.getSender()}: ${text}`;
    },
    // Gives the digest of the picture, and where the homeserver keeps what it got.
    async sends_picture(name) {
        const data = await picture(name);
        const { secret, file } = await encrypted(data);
        const { content_uri } = await client.uploadContent(new Blob([secret]), { type: "application/octet-stream" });
        await client.sendMessage(room.roomId, {
            msgtype: MsgType.Image,
            body: name,
            info: { mimetype: "image/png", size: data.length },
            file: { ...file, url: content_uri },
        });
        return `${hex(await hash(data))} ${content_uri}`;
    },
    // Downloads, decrypts and shows the picture NAME, and gives its digest.
    async reads_picture(name) {
        const is = (event) => event.isEncrypted() && event.getContent().msgtype === MsgType.Image && event.getContent().body === name;
        const event = await until(60, name, () => events().find(is), said);
        const { file } = event.getContent();
        const url = client.mxcUrlToHttp(file.url, undefined, undefined, undefined, false, true, true);
        const answer = await fetch(url, { headers: { Authorization: `Bearer ${client.getAccessToken()}` } });
        if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
        const data = await decrypted(await answer.arrayBuffer(), file);
        const image = new Image();
        image.src = URL.createObjectURL(new Blob([data], { type: "image/png" }));
        await image.decode();
        pictures.set(event.getId(), image);
        return hex(await hash(data));
    },
    async logs_out() {
        const [url, token] = [client.baseUrl, client.getAccessToken()];
        await client.logout(true);
        await client.clearStores();
        client = room = undefined;
        pictures.clear();
        const answer = await fetch(`${url}/_matrix/client/v3/account/whoami`, { headers: { Authorization: `Bearer ${token}` } });
        const { errcode } = await answer.json();
        if (errcode !== "M_UNKNOWN_TOKEN") throw new Error(`its token is good still: ${answer.status}`);
        return errcode;
    },
};

function line(event) {
    const item = document.createElement("li");
    const { body, membership } = event.getContent();
    const who = document.createElement("b");
    who.textContent = event.getSender();
    item.classList.toggle("failed", event.isDecryptionFailure());
    item.append(who, ` ${body ?? [event.getType(), membership].join(" ")}${event.isEncrypted() ? " (encrypted)" : ""}`);
    const image = pictures.get(event.getId());
    if (image) item.append(image);
    return item;
}

function show(verb, came, failed) {
    $("homeserver").textContent = client?.baseUrl ?? registration?.url ?? "none";
    $("account").textContent = client ? `${client.getUserId()}, device ${client.getDeviceId()}` : "none";
    $("room").textContent = room ? `${room.roomId}, ${room.getJoinedMemberCount()} members` : "none";
    $("timeline").replaceChildren(...events().slice(-8).map(line));
    $("last").textContent = `${verb}: ${came}`;
    $("last").classList.toggle("failed", failed);
}

// What the driver calls.
window.token = () => client.getAccessToken();
window.act = async (verb, words) => {
    try {
        if (!verbs[verb]) throw new Error(`there is no verb "${verb}"`);
        const came = await verbs[verb](...words);
        show(verb, came, false);
        return { came };
    } catch (error) {
        show(verb, error.message, true);
        return { failed: error.message };
    }
};
