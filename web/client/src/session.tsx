import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { HttpOptions } from './http.ts';
import { ApiProblem } from './problem.ts';
import { type Credentials, createRest, type Registration, type Rest } from './rest.ts';
import type { Account, Profile } from './types.ts';

type State =
  /** Not known yet. */
  | { status: 'loading'; profile: null; problem: null }
  | { status: 'signed-in'; profile: Profile; problem: null }
  | { status: 'signed-out'; profile: null; problem: null }
  /** Could not be found out; `refresh` tries again. */
  | { status: 'unknown'; profile: null; problem: ApiProblem };

export type Session = State & {
  /** Whether it ended without a logout here: it expired, or was ended elsewhere. */
  ended: boolean;
  /** Whether the operator asks for a second factor before anything else can be done. */
  mustSetUpSecondFactor: boolean;
  /** Throws `second_factor_required` when a `code` is needed too. */
  login: (credentials: Credentials) => Promise<void>;
  register: (registration: Registration) => Promise<Account>;
  logout: () => Promise<void>;
  /** Asks the server again who is signed in. */
  refresh: () => Promise<void>;
  /** Shows a profile that another request has answered. */
  replace: (profile: Profile) => void;
  /** The account is gone, and its sessions with it: nothing is asked of the server. */
  forget: () => void;
};

interface Context {
  rest: Rest;
  session: Session;
}

const PlenumContext = createContext<Context | null>(null);
const LOADING: State = { status: 'loading', profile: null, problem: null };
const SIGNED_OUT: State = { status: 'signed-out', profile: null, problem: null };

export interface PlenumProviderProps extends Omit<HttpOptions, 'onProblem'> {
  children: ReactNode;
}

/** Holds the session for everything below it. Its options count as they are when it is first shown. */
export function PlenumProvider({ children, ...options }: PlenumProviderProps) {
  const [state, setState] = useState<State>(LOADING);
  const [ended, setEnded] = useState(false);
  const [mustSetUpSecondFactor, setMustSetUp] = useState(false);
  const signedIn = useRef(false);
  const tabs = useOtherTabs();

  const [rest] = useState(() =>
    createRest({
      ...options,
      onProblem: (problem) => {
        if (problem.code === 'second_factor_setup_required') setMustSetUp(true);
        if (!problem.signedOut) return;
        if (signedIn.current) setEnded(true);
        signedIn.current = false;
        setState(SIGNED_OUT);
      },
    }),
  );

  const refresh = useCallback(async () => {
    try {
      const profile = await rest.users.me();
      signedIn.current = true;
      setMustSetUp(false);
      setEnded(false);
      setState({ status: 'signed-in', profile, problem: null });
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      // What is on the screen stays when the server is only away for a moment.
      if (!error.signedOut)
        setState((before) =>
          before.status === 'signed-in' ? before : { status: 'unknown', profile: null, problem: error },
        );
    }
  }, [rest]);

  const forget = useCallback(() => {
    signedIn.current = false;
    setEnded(false);
    setMustSetUp(false);
    setState(SIGNED_OUT);
    tabs.tell();
  }, [tabs]);

  const session = useMemo<Session>(
    () => ({
      ...state,
      ended,
      mustSetUpSecondFactor,
      login: async (credentials) => {
        await rest.auth.login(credentials);
        await refresh();
        tabs.tell();
      },
      register: (registration) => rest.auth.register(registration),
      logout: async () => {
        try {
          await rest.auth.logout();
        } catch (error) {
          if (!(error instanceof ApiProblem && error.signedOut)) throw error;
        }
        forget();
      },
      refresh,
      replace: (profile) => setState({ status: 'signed-in', profile, problem: null }),
      forget,
    }),
    [state, ended, mustSetUpSecondFactor, rest, refresh, tabs, forget],
  );

  useEffect(() => {
    void refresh();
    return tabs.listen(() => void refresh());
  }, [refresh, tabs]);

  const context = useMemo(() => ({ rest, session }), [rest, session]);
  return <PlenumContext value={context}>{children}</PlenumContext>;
}

/** Tells the other tabs of this browser, which share the cookie, that somebody has signed in or out. */
function useOtherTabs() {
  const channel = useRef<BroadcastChannel | null>(null);
  return useMemo(
    () => ({
      tell: () => channel.current?.postMessage('changed'),
      listen: (changed: () => void) => {
        const own = new BroadcastChannel('plenum-session');
        own.onmessage = changed;
        channel.current = own;
        return () => own.close();
      },
    }),
    [],
  );
}

function usePlenum(): Context {
  const context = useContext(PlenumContext);
  if (!context) throw new Error('PlenumProvider is missing above this component');
  return context;
}

/** Who is signed in, and how that changes. */
export function useSession(): Session {
  return usePlenum().session;
}

/** Every route of the server; the same object for as long as the provider is shown. */
export function useRest(): Rest {
  return usePlenum().rest;
}
