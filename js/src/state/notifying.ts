// Tells when a resume has ended, if the page is not looked at. Nobody is asked before they have asked for it.

export const canNotify = (): boolean => "Notification" in globalThis;

/** Whether the person agrees, asked now unless they have answered before. */
export async function mayNotify(): Promise<boolean> {
  return (await Notification.requestPermission()) === "granted";
}

export function notify(name: string, line: string): void {
  if (document.hidden) new Notification(name, { body: line });
}
