export type Notice = {
  readonly color: 'green' | 'red';
  readonly title?: string;
  readonly message: string;
  /** milliseconds until it goes by itself */
  readonly autoClose?: number;
};

/** Says to the page that there is something to be told, so that what tells it is loaded. */
export const NOTICE = 'slipway:notice';

/** Tells something in the corner of the page, whatever screen it is. */
export const notify = (notice: Notice): void => {
  window.dispatchEvent(new Event(NOTICE));
  void import('@mantine/notifications').then(({ notifications }) => notifications.show(notice));
};
