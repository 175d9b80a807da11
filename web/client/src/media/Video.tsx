import { type ComponentProps, useEffect, useRef } from 'react';

export interface VideoProps extends Omit<ComponentProps<'video'>, 'ref'> {
  stream: MediaStream | null;
}

/** Shows a stream. The sound of a call is played apart from it. */
export function Video({ stream, ...props }: VideoProps) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  return <video ref={video} autoPlay muted playsInline {...props} />;
}
