//! Making an avatar of what somebody sends: read within bounds, turned upright, cut to its middle square, made smaller, and
//! written anew, so that nothing of the file itself is kept: no metadata, and nothing that hides behind the picture.

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageBuffer, ImageDecoder as _, ImageEncoder as _, ImageError,
    ImageFormat, ImageReader, Limits, Pixel, Rgba, RgbaImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType as PngFilter, PngEncoder},
    },
    imageops::{self, FilterType},
    metadata::Orientation,
};

/// Pixels of a side of an avatar, at most.
pub const SIDE: u32 = 512;
/// Pixels of a side of what is read.
const READ_SIDE_MAX: u32 = 8_192;
/// Pixels of what is read. A progressive JPEG of so many takes 300 MB while it is read, and nothing takes more.
const READ_PIXELS_MAX: u64 = 32 * 1024 * 1024;
/// Bytes of the pixels that are read.
const READ_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// From so many times the wanted size on, pixels are first averaged: the finer way would take seconds.
const ROUGHLY_FROM: u32 = 4;
/// Of a JPEG.
const QUALITY: u8 = 85;

/// Why no avatar can be made of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is no PNG, JPEG or WebP, whatever it was said to be.
    #[error("another type")]
    Type,
    /// Its picture can't be read whole.
    #[error("broken")]
    Broken,
    /// Its picture has too many pixels.
    #[error("too many pixels")]
    TooManyPixels,
}

/// Makes an avatar: a JPEG, or a PNG when some of it is transparent.
pub fn avatar(file: &[u8]) -> Result<Vec<u8>, Unfit> {
    let (picture, orientation) = read(file)?;
    let mut small = if picture.color().has_alpha() {
        let mut picture = picture.into_rgba8();
        multiply(&mut picture);
        let mut small = small(&picture);
        divide(&mut small);
        DynamicImage::from(small)
    } else {
        DynamicImage::from(small(&picture.into_rgb8()))
    };
    small.apply_orientation(orientation);
    written(small).map_err(|_| Unfit::Broken)
}

/// The type of an avatar that [`avatar`] has made; none when it is not one.
#[must_use]
pub fn media_type(avatar: &[u8]) -> Option<&'static str> {
    match image::guess_format(avatar).ok()? {
        ImageFormat::Jpeg => Some("image/jpeg"),
        ImageFormat::Png => Some("image/png"),
        _ => None,
    }
}

/// The picture in a file, and how it has to be turned.
fn read(file: &[u8]) -> Result<(DynamicImage, Orientation), Unfit> {
    let Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) = image::guess_format(file)
    else {
        return Err(Unfit::Type);
    };
    if format == ImageFormat::Jpeg && !is_whole_jpeg(file) {
        return Err(Unfit::Broken);
    }
    if format == ImageFormat::WebP && !frames_fit(file) {
        return Err(Unfit::TooManyPixels);
    }
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(READ_SIDE_MAX), Some(READ_SIDE_MAX));
    limits.max_alloc = Some(2 * READ_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| unfit(&error))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > READ_PIXELS_MAX || decoder.total_bytes() > READ_BYTES_MAX {
        return Err(Unfit::TooManyPixels);
    }
    // One that can't be read is no reason to refuse the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| unfit(&error))?;
    if pixels == 0 { Err(Unfit::Broken) } else { Ok((picture, orientation)) }
}

const fn unfit(error: &ImageError) -> Unfit {
    match error {
        ImageError::Limits(_) => Unfit::TooManyPixels,
        _ => Unfit::Broken,
    }
}

/// Whether the frames inside a WebP are no larger than a picture may be: they have sizes of their own, and are decoded before
/// those are compared with the picture's.
fn frames_fit(file: &[u8]) -> bool {
    const FRAME: &[u8] = b"VP8 ";
    /// What begins a key frame (RFC 6386, 9.1), behind the chunk's name, its size and the frame's tag.
    const START: [u8; 3] = [0x9d, 0x01, 0x2a];
    let side = |low: u8, high: u8| u64::from(u16::from_le_bytes([low, high]) & 0x3fff);
    let frames = file.windows(18).filter(|chunk| chunk.starts_with(FRAME) && chunk[11..14] == START);
    frames
        .map(|chunk| side(chunk[14], chunk[15]) * side(chunk[16], chunk[17]))
        .all(|pixels| pixels <= READ_PIXELS_MAX)
}

/// Whether a JPEG's last scan has its end: the decoder fills up with grey what is missing. Inside a scan no such mark can
/// stand.
fn is_whole_jpeg(file: &[u8]) -> bool {
    const SCAN: [u8; 2] = [0xff, 0xda];
    const END: [u8; 2] = [0xff, 0xd9];
    let scan = file.windows(2).rposition(|mark| mark == SCAN);
    scan.is_some_and(|scan| file[scan..].windows(2).any(|mark| mark == END))
}

/// The square in the middle, as large as an avatar may be at most.
fn small<P: Pixel<Subpixel = u8> + 'static>(picture: &ImageBuffer<P, Vec<u8>>) -> ImageBuffer<P, Vec<u8>> {
    let (width, height) = picture.dimensions();
    let from = width.min(height);
    let square = imageops::crop_imm(picture, (width - from) / 2, (height - from) / 2, from, from);
    if from <= SIDE {
        return square.to_image();
    }
    if from < SIDE * ROUGHLY_FROM {
        return imageops::resize(&*square, SIDE, SIDE, FilterType::CatmullRom);
    }
    let roughly = imageops::thumbnail(&*square, SIDE * 2, SIDE * 2);
    imageops::resize(&roughly, SIDE, SIDE, FilterType::CatmullRom)
}

/// Weighs colours by how much of them is seen, so that none of what is not seen gets into an average.
fn multiply(picture: &mut RgbaImage) {
    for Rgba([r, g, b, a]) in picture.pixels_mut() {
        for colour in [r, g, b] {
            *colour = to_byte((u32::from(*colour) * u32::from(*a) + 127) / 255);
        }
    }
}

/// Undoes [`multiply`].
fn divide(picture: &mut RgbaImage) {
    for Rgba([r, g, b, a]) in picture.pixels_mut() {
        let a = u32::from(*a);
        for colour in [r, g, b] {
            *colour = to_byte((u32::from(*colour) * 255 + a / 2).checked_div(a).unwrap_or(0));
        }
    }
}

fn to_byte(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn written(picture: DynamicImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    match picture {
        DynamicImage::ImageRgba8(picture) if picture.pixels().any(|pixel| pixel.0[3] < u8::MAX) => {
            let (width, height) = picture.dimensions();
            let encoder =
                PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, PngFilter::Adaptive);
            encoder.write_image(&picture, width, height, ExtendedColorType::Rgba8)?;
        }
        picture => {
            JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&picture.into_rgb8())?;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use image::{Luma, Rgb, codecs::webp::WebPEncoder};

    use super::*;

    const FORMATS: [ImageFormat; 3] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP];

    fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        match format {
            ImageFormat::WebP => picture.write_with_encoder(WebPEncoder::new_lossless(&mut bytes)).unwrap(),
            format => picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap(),
        }
        bytes
    }

    fn colourful(width: u32, height: u32) -> DynamicImage {
        let paint = |x: u32, y: u32| Rgb([x, y, x ^ y].map(|value| to_byte(value % 256)));
        ImageBuffer::from_fn(width, height, paint).into()
    }

    fn made(file: &[u8]) -> DynamicImage {
        image::load_from_memory(&avatar(file).unwrap()).unwrap()
    }

    /// The checksum at the end of a PNG's chunk.
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
        })
    }

    /// The same file with another size in its head.
    fn said_to_be(mut file: Vec<u8>, format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
        match format {
            ImageFormat::Png => {
                file[16..20].copy_from_slice(&width.to_be_bytes());
                file[20..24].copy_from_slice(&height.to_be_bytes());
                let crc = crc(&file[12..29]);
                file[29..33].copy_from_slice(&crc.to_be_bytes());
            }
            ImageFormat::Jpeg => {
                let frame = file.windows(2).position(|mark| mark == [0xff, 0xc0]).unwrap();
                file[frame + 5..frame + 7].copy_from_slice(&u16::try_from(height).unwrap().to_be_bytes());
                file[frame + 7..frame + 9].copy_from_slice(&u16::try_from(width).unwrap().to_be_bytes());
            }
            _ => {
                let size = (width - 1) | ((height - 1) << 14);
                let head = u32::from_le_bytes(file[21..25].try_into().unwrap()) & 0xf000_0000;
                file[21..25].copy_from_slice(&(head | size).to_le_bytes());
            }
        }
        file
    }

    #[test]
    fn whatever_its_shape_the_middle_square_is_left_and_no_larger_than_wanted() {
        for (width, height) in
            [(1, 1), (3, 1_000), (900, 2), (513, 512), (512, 700), (2_048, 2_049), (2_500, 2_100)]
        {
            for format in FORMATS {
                let made = made(&file(&colourful(width, height), format));
                let side = width.min(height).min(SIDE);
                assert_eq!((made.width(), made.height()), (side, side), "{width} by {height} in {format:?}");
            }
        }
        let paint = |x, _| if (200..400).contains(&x) { Rgb([250_u8, 0, 0]) } else { Rgb([0, 0, 250]) };
        let made = made(&file(&ImageBuffer::from_fn(600, 200, paint).into(), ImageFormat::Png)).into_rgb8();
        assert!(made.pixels().all(|pixel| pixel.0[0] > 200 && pixel.0[2] < 50), "none of the sides is left");
    }

    #[test]
    fn every_kind_of_pixel_is_read_and_only_what_is_transparent_stays_so() {
        let kinds = [
            DynamicImage::from(ImageBuffer::from_pixel(9, 9, Luma([9_u8]))),
            DynamicImage::from(ImageBuffer::from_pixel(9, 9, Luma([900_u16]))),
            DynamicImage::from(ImageBuffer::from_pixel(9, 9, Rgb([900_u16, 0, 7]))),
            DynamicImage::from(ImageBuffer::from_pixel(9, 9, Rgba([9_u8, 8, 7, 255]))),
            DynamicImage::from(ImageBuffer::from_pixel(9, 9, Rgba([900_u16, 0, 7, u16::MAX]))),
        ];
        for kind in kinds {
            assert_eq!(
                media_type(&avatar(&file(&kind, ImageFormat::Png)).unwrap()),
                Some("image/jpeg"),
                "{:?}",
                kind.color()
            );
        }
        let clear = ImageBuffer::from_pixel(9, 9, Rgba([9_u8, 8, 7, 100])).into();
        let clear = avatar(&file(&clear, ImageFormat::Png)).unwrap();
        assert_eq!(media_type(&clear), Some("image/png"));
        assert_eq!(
            image::load_from_memory(&clear).unwrap().into_rgba8().get_pixel(4, 4),
            &Rgba([10, 8, 8, 100])
        );
    }

    #[test]
    fn what_its_head_says_is_too_large_is_not_read() {
        for format in FORMATS {
            let small = file(&colourful(16, 16), format);
            assert!(avatar(&said_to_be(small.clone(), format, 16, 16)).is_ok(), "{format:?}");
            for (width, height) in [(16_000, 16_000), (8_193, 1), (1, 8_193), (8_192, 4_097)] {
                let refused = avatar(&said_to_be(small.clone(), format, width, height));
                assert_eq!(refused.unwrap_err(), Unfit::TooManyPixels, "{format:?} of {width} by {height}");
            }
        }
        let png = file(&colourful(16, 16), ImageFormat::Png);
        let most = said_to_be(png, ImageFormat::Png, i32::MAX.unsigned_abs(), i32::MAX.unsigned_abs());
        assert_eq!(avatar(&most).unwrap_err(), Unfit::TooManyPixels);
        // Sixteen bits for each of four colours: few enough pixels, but too many bytes.
        let deep = DynamicImage::from(ImageBuffer::from_pixel(9, 9, Rgba([900_u16, 0, 7, 1])));
        let deep = said_to_be(file(&deep, ImageFormat::Png), ImageFormat::Png, 5_000, 5_000);
        assert_eq!(avatar(&deep).unwrap_err(), Unfit::TooManyPixels);
    }

    #[test]
    fn what_is_something_else_is_told_as_that() {
        for other in [
            b"".as_slice(),
            b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"<!doctype html>",
            b"BM\x00\x00",
            b"II*\x00",
            b"RIFF\x00\x00\x00\x00WAVE",
        ] {
            assert_eq!(avatar(other).unwrap_err(), Unfit::Type, "{other:?}");
        }
    }

    #[test]
    fn a_file_that_breaks_off_is_no_picture() {
        for format in FORMATS {
            let whole = file(&colourful(40, 30), format);
            assert!(avatar(&whole).is_ok());
            let kept = (0..whole.len()).filter(|length| avatar(&whole[..*length]).is_ok());
            // A PNG may lack what comes behind its last pixel.
            let least = if format == ImageFormat::Png { whole.len() - 24 } else { whole.len() };
            let lost: Vec<usize> = kept.filter(|length| *length < least).collect();
            assert!(lost.is_empty(), "{format:?}: {lost:?}");
        }
    }

    #[test]
    fn damage_anywhere_gives_a_picture_or_a_refusal() {
        for format in FORMATS {
            let whole = file(&colourful(24, 20), format);
            let (mut made, mut refused) = (0, 0);
            for at in 0..whole.len() {
                for damage in [0x01, 0x80, 0xff] {
                    let mut damaged = whole.clone();
                    damaged[at] ^= damage;
                    match avatar(&damaged) {
                        Ok(avatar) => {
                            assert!(image::load_from_memory(&avatar).is_ok());
                            made += 1;
                        }
                        Err(_) => refused += 1,
                    }
                }
            }
            assert!(refused > 0, "{format:?}: {made} made, {refused} refused");
        }
    }
}
