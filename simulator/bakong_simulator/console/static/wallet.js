// A code from a picture: chosen, dropped, pasted, or seen by the camera. The sandbox reads it.
import { call, say, t } from "./console.js";

const form = document.getElementById("scan");
const field = document.getElementById("qr");
const drop = document.getElementById("drop");
const film = document.getElementById("film");
const camera = document.getElementById("camera");

// A phone's photo may be larger than what the sandbox takes: then a smaller one of it, whose code is still read.
const LARGE = 3_000_000; // bytes
const SIDE = 2400; // pixels

async function smaller(picture) {
  if (picture.size <= LARGE || !picture.type.startsWith("image/")) return picture;
  const whole = await createImageBitmap(picture).catch(() => null);
  if (!whole) return picture; // the sandbox says what is wrong with it
  const scale = Math.min(1, SIDE / Math.max(whole.width, whole.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(whole.width * scale), Math.round(whole.height * scale)];
  canvas.getContext("2d").drawImage(whole, 0, 0, canvas.width, canvas.height);
  return (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85))) ?? picture;
}

async function read(given, isQuiet = false) {
  try {
    const picture = await smaller(given);
    const { texts } = await call("POST", "/sandbox/codes/read", picture, picture.type || "application/octet-stream");
    if (!texts.length) { if (!isQuiet) say(t("No QR code was found in this picture"), true); return false; }
    field.value = texts[0];
    form.requestSubmit();
    return true;
  } catch (error) {
    if (!isQuiet) say(error.message, true);
    return false;
  }
}

document.getElementById("picture").addEventListener("change", (event) => { if (event.target.files[0]) read(event.target.files[0]); });
for (const name of ["dragover", "drop"]) drop.addEventListener(name, (event) => event.preventDefault());
drop.addEventListener("drop", (event) => { if (event.dataTransfer.files[0]) read(event.dataTransfer.files[0]); });
document.addEventListener("paste", (event) => {
  const picture = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"));
  if (picture) { event.preventDefault(); read(picture); }
});

camera.hidden = !navigator.mediaDevices?.getUserMedia;
camera.addEventListener("click", async () => {
  try {
    film.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch (error) { say(error.message, true); return; }
  film.hidden = false;
  await film.play();
  const canvas = document.createElement("canvas");
  const look = () => {
    if (film.hidden) return;
    [canvas.width, canvas.height] = [film.videoWidth, film.videoHeight];
    canvas.getContext("2d").drawImage(film, 0, 0);
    canvas.toBlob(async (picture) => {
      if (picture && (await read(picture, true))) { film.srcObject.getTracks().forEach((one) => one.stop()); film.hidden = true; } else setTimeout(look, 400);
    }, "image/jpeg", 0.8);
  };
  look();
});
