import { useSession } from '@plenum/client';
import { useTranslation } from 'react-i18next';
import { AccountPage } from '../../shell/AccountPage.tsx';
import { AddressSection } from './AddressSection.tsx';
import { AppearanceSection } from './AppearanceSection.tsx';
import { DeleteSection } from './DeleteSection.tsx';
import { NamesSection } from './NamesSection.tsx';
import { PictureSection } from './PictureSection.tsx';

export default function Profile() {
  const { t } = useTranslation('account');
  const { profile } = useSession();
  if (!profile) return null;
  return (
    <AccountPage title={t('profile.title')}>
      <PictureSection profile={profile} />
      <NamesSection profile={profile} />
      <AddressSection profile={profile} />
      <AppearanceSection />
      <DeleteSection profile={profile} />
    </AccountPage>
  );
}
