using System.Buffers.Binary;
using System.IO.Compression;
using Milvus.Storage.Parquet.Zstandard;

namespace Milvus.Storage.Parquet;

/// <summary>Unpacks the pages of a column chunk.</summary>
internal static class ParquetCompression
{
    /// <exception cref="InvalidDataException">The bytes are damaged, or the codec is not one of this reader's.</exception>
    public static byte[] Unpack(ParquetCodec codec, ReadOnlySpan<byte> packed, int length)
    {
        var result = new byte[length];
        switch (codec)
        {
            case ParquetCodec.Uncompressed:
                if (packed.Length != length) throw Damaged();
                packed.CopyTo(result);
                break;
            case ParquetCodec.Snappy:
                UnpackSnappy(packed, result);
                break;
            case ParquetCodec.Lz4Raw:
                UnpackLz4(packed, result);
                break;
            case ParquetCodec.Gzip:
                UnpackStream(new GZipStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress), result);
                break;
            case ParquetCodec.Brotli:
                if (!BrotliDecoder.TryDecompress(packed, result, out var written) || written != length) throw Damaged();
                break;
            case ParquetCodec.Zstd:
                ZstandardDecoder.Unpack(packed, result);
                break;
            default:
                throw new InvalidDataException($"pages compressed by {codec} are not supported; snappy, gzip, brotli, zstd, lz4_raw and none are");
        }
        return result;
    }

    private static void UnpackStream(Stream stream, byte[] result)
    {
        using (stream)
        {
            try
            {
                stream.ReadExactly(result);
            }
            catch (EndOfStreamException e)
            {
                throw new InvalidDataException("a compressed page of the Parquet file is damaged", e);
            }
        }
    }

    // The raw format of github.com/google/snappy, format_description.txt.
    private static void UnpackSnappy(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int read = 0, written = 0, shift = 0;
        ulong length = 0;
        while (true)
        {
            if (read >= source.Length || shift > 35) throw Damaged();
            var b = source[read++];
            length |= (ulong)(b & 0x7F) << shift;
            shift += 7;
            if (b < 0x80) break;
        }
        if (length != (ulong)target.Length) throw Damaged();
        while (read < source.Length)
        {
            var tag = source[read++];
            switch (tag & 3)
            {
                case 0:
                    var count = tag >> 2;
                    if (count >= 60)
                    {
                        var bytes = count - 59;
                        if (read + bytes > source.Length) throw Damaged();
                        count = (int)Little(source.Slice(read, bytes));
                        read += bytes;
                    }
                    Literal(source, ref read, target, ref written, count + 1);
                    break;
                case 1:
                    if (read >= source.Length) throw Damaged();
                    Copy(target, ref written, ((tag >> 5) << 8) | source[read++], ((tag >> 2) & 7) + 4);
                    break;
                case 2:
                    if (read + 2 > source.Length) throw Damaged();
                    Copy(target, ref written, BinaryPrimitives.ReadUInt16LittleEndian(source[read..]), (tag >> 2) + 1);
                    read += 2;
                    break;
                default:
                    if (read + 4 > source.Length) throw Damaged();
                    Copy(target, ref written, BinaryPrimitives.ReadInt32LittleEndian(source[read..]), (tag >> 2) + 1);
                    read += 4;
                    break;
            }
        }
        if (written != target.Length) throw Damaged();
    }

    // The block format of github.com/lz4/lz4, lz4_Block_format.md.
    private static void UnpackLz4(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int read = 0, written = 0;
        while (read < source.Length)
        {
            var token = source[read++];
            Literal(source, ref read, target, ref written, Lz4Length(source, ref read, token >> 4));
            if (read >= source.Length) break;
            if (read + 2 > source.Length) throw Damaged();
            var offset = BinaryPrimitives.ReadUInt16LittleEndian(source[read..]);
            read += 2;
            Copy(target, ref written, offset, Lz4Length(source, ref read, token & 15) + 4);
        }
        if (written != target.Length) throw Damaged();
    }

    private static int Lz4Length(ReadOnlySpan<byte> source, ref int read, int length)
    {
        if (length != 15) return length;
        byte more;
        do
        {
            if (read >= source.Length) throw Damaged();
            more = source[read++];
            length += more;
            if (length < 0) throw Damaged();
        }
        while (more == 255);
        return length;
    }

    private static void Literal(ReadOnlySpan<byte> source, ref int read, Span<byte> target, ref int written, int count)
    {
        if (count < 0 || count > source.Length - read || count > target.Length - written) throw Damaged();
        source.Slice(read, count).CopyTo(target[written..]);
        read += count;
        written += count;
    }

    // Source and target may overlap: then the bytes just written are repeated.
    private static void Copy(Span<byte> target, ref int written, int offset, int count)
    {
        if (offset <= 0 || offset > written || count > target.Length - written) throw Damaged();
        for (var i = 0; i < count; i++, written++) target[written] = target[written - offset];
    }

    private static uint Little(ReadOnlySpan<byte> bytes)
    {
        uint value = 0;
        for (var i = 0; i < bytes.Length; i++) value |= (uint)bytes[i] << (8 * i);
        return value;
    }

    private static InvalidDataException Damaged() => new("a compressed page of the Parquet file is damaged");
}
