// Sends a file and tells how much of it is on its way, which fetch does not.
import { hand, refused, Refused } from "./client";

export interface Upload {
  headers?: Record<string, string>;
  /** Hears of bytes sent, and of all. */
  sent?: (done: number, total: number) => void;
  /** All bytes have left: from here on the server works. */
  arrived?: () => void;
}

/** Answers what the server says. */
export function upload<T>(address: string, content: Blob | ArrayBuffer, { headers = {}, sent, arrived }: Upload = {}): Promise<T> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    for (const [name, value] of Object.entries(hand.person ? { ...headers, "Millwright-Person": hand.person } : headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => sent?.(event.loaded, event.total);
    request.upload.onload = () => arrived?.();
    request.onload = () => (request.status < 300 ? done((request.responseText ? JSON.parse(request.responseText) : null) as T) : fail(refused(request.status, request.responseText, address)));
    request.onerror = () => fail(new Refused(0, "unreachable", ""));
    request.send(content);
  });
}
