/** What a page shows in place of results: that it waits, why something failed, or what to do first. */
import type { ComponentChildren, JSX } from "preact";
import { RefusedError, mayPass } from "../api/request.js";
import { KeyField } from "./key-field.js";
import type { Answer } from "./use-request.js";

/** A fault in words; where an API key is missing, a field for it. */
export const Fault = ({ error }: { readonly error: Error }): JSX.Element => (
  <>
    <p class="notice fault" role="alert">
      {error.message}
    </p>
    {error instanceof RefusedError && error.status === 401 && <KeyField />}
  </>
);

export const Waiting = ({ text }: { readonly text: string }): JSX.Element => (
  <p class="notice waiting" role="status">
    {text}
  </p>
);

interface EmptyProps {
  readonly title: string;
  readonly children?: ComponentChildren;
}

export const Empty = ({ title, children }: EmptyProps): JSX.Element => (
  <div class="empty">
    <h2>{title}</h2>
    {children}
  </div>
);

interface AnsweredProps<Result> {
  readonly answer: Answer<Result>;
  /** Shown while the first result is awaited. */
  readonly waiting: string;
  /** Draws a result. */
  readonly children: (result: Result) => JSX.Element;
}

/** A result, or its absence in words. An older result stays, dimmed, while the next one is awaited. */
export function Answered<Result>({
  answer,
  waiting,
  children,
}: AnsweredProps<Result>): JSX.Element {
  const { result, fault, isWaiting, again } = answer;
  if (fault) {
    return (
      <>
        <Fault error={fault} />
        {mayPass(fault) && (
          <button type="button" class="button" onClick={again}>
            Try again
          </button>
        )}
      </>
    );
  }
  if (result !== undefined) return <div aria-busy={isWaiting}>{children(result)}</div>;
  return isWaiting ? <Waiting text={waiting} /> : <></>;
}
