import { Component, type ErrorInfo, type ReactNode } from 'react';
import { Broken } from './shell/Broken.tsx';

interface Props {
  children: ReactNode;
  /** When it changes, what failed is tried again: the page's address. */
  resetKey?: string;
}

/** Shows a page in place of what could not be shown, never a blank one. */
export class ErrorBoundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override componentDidUpdate(before: Props) {
    if (this.state.failed && before.resetKey !== this.props.resetKey) this.setState({ failed: false });
  }

  override render() {
    return this.state.failed ? <Broken /> : this.props.children;
  }
}
