import { useTranslation } from 'react-i18next';
import { AccountPage } from '../../shell/AccountPage.tsx';
import { FactorSection } from './FactorSection.tsx';
import { PasswordSection } from './PasswordSection.tsx';
import { ProvidersSection } from './ProvidersSection.tsx';
import { SessionsSection } from './SessionsSection.tsx';
import { TokensSection } from './TokensSection.tsx';

export default function Security() {
  const { t } = useTranslation('account');
  return (
    <AccountPage title={t('security.title')}>
      <PasswordSection />
      <FactorSection />
      <SessionsSection />
      <ProvidersSection />
      <TokensSection />
    </AccountPage>
  );
}
