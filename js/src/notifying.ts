// Tells when a resume has ended, if the page is not looked at. Nobody is asked before they have asked for it.

export const canNotify = (): boolean => "Notification" in globalThis;

/** Whether the person agrees, asked now unless they have answered before. */
export async function mayNotify(): Promise<boolean> {
  if (!canNotify()) return false;
  return (await Notification.requestPermission()) === "granted";
}

export function notify(name: string, line: string): void {
  if (!document.hidden || !canNotify() || Notification.permission !== "granted") return;
  new Notification(name, { body: line });
}
