import { PlenumProvider } from '@plenum/client';
import { BrowserRouter } from 'react-router';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { language } from './i18n/index.ts';
import { Pages } from './Pages.tsx';
import { Offline } from './shell/Offline.tsx';
import { ToastProvider } from './ui/Toast.tsx';

export function App() {
  return (
    <ErrorBoundary>
      <PlenumProvider language={language}>
        <ToastProvider>
          <BrowserRouter>
            <Offline />
            <Pages />
          </BrowserRouter>
        </ToastProvider>
      </PlenumProvider>
    </ErrorBoundary>
  );
}
