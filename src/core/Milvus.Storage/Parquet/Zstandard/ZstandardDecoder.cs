using System.Buffers;
using System.Buffers.Binary;

namespace Milvus.Storage.Parquet.Zstandard;

/// <summary>
/// Unpacks frames of Zstandard, as RFC 8878 describes them, into a buffer of known length. Dictionaries are not supported, checksums of frames are passed over.
/// </summary>
internal ref struct ZstandardDecoder
{
    private const uint Magic = 0xFD2FB528;
    private const uint SkippableMagic = 0x184D2A50;
    private const int MaxBlock = 128 << 10;
    private const int MaxLengthLog = 9;
    private const int MaxOffsetLog = 8;
    private const int MaxLiteralCode = 35;
    private const int MaxOffsetCode = 31;
    private const int MaxMatchCode = 52;

    private static readonly FseTable s_literalLengths = FseTable.Build(
        [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1], 6);

    private static readonly FseTable s_offsets = FseTable.Build([1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 5);

    private static readonly FseTable s_matchLengths = FseTable.Build(
        [
            1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
        ],
        6);

    private readonly Span<byte> _target;
    private readonly byte[] _literals;
    private int _written;

    // Of the last block that had some; later ones may use them again.
    private HuffmanTable? _huffman;
    private FseTable? _literalLengths;
    private FseTable? _offsets;
    private FseTable? _matchLengths;
    private int _recent1 = 1;
    private int _recent2 = 4;
    private int _recent3 = 8;

    private ZstandardDecoder(Span<byte> target, byte[] literals)
    {
        _target = target;
        _literals = literals;
    }

    private static ReadOnlySpan<int> LiteralBases => [16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];

    private static ReadOnlySpan<byte> LiteralBits => [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    private static ReadOnlySpan<int> MatchBases => [35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539];

    private static ReadOnlySpan<byte> MatchBits => [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    /// <param name="target">Filled to its end.</param>
    /// <exception cref="InvalidDataException">The bytes are damaged, or do not give as many.</exception>
    public static void Unpack(ReadOnlySpan<byte> source, Span<byte> target)
    {
        // One for all frames: a page may be of as many empty ones as fit.
        var literals = ArrayPool<byte>.Shared.Rent(MaxBlock);
        try
        {
            var written = 0;
            while (!source.IsEmpty)
            {
                if (source.Length < 8) throw Damaged();
                var magic = BinaryPrimitives.ReadUInt32LittleEndian(source);
                if ((magic & 0xFFFFFFF0) == SkippableMagic)
                {
                    var length = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]);
                    if (length > source.Length - 8) throw Damaged();
                    source = source[(8 + (int)length)..];
                    continue;
                }
                if (magic != Magic) throw Damaged();
                var decoder = new ZstandardDecoder(target[written..], literals);
                source = source[(4 + decoder.Frame(source[4..]))..];
                written += decoder._written;
            }
            if (written != target.Length) throw Damaged();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(literals);
        }
    }

    internal static InvalidDataException Damaged() => new("a compressed page of the Parquet file is damaged");

    /// <returns>Bytes of the frame behind its magic number.</returns>
    private int Frame(ReadOnlySpan<byte> source)
    {
        var descriptor = source[0];
        if ((descriptor & 0x08) != 0) throw Damaged();
        var isSingle = (descriptor & 0x20) != 0;
        ReadOnlySpan<byte> idBytes = [0, 1, 2, 4];
        var id = idBytes[descriptor & 3];
        var size = (descriptor >> 6) switch { 0 => isSingle ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        var at = 1 + (isSingle ? 0 : 1);
        for (var i = 0; i < id; i++, at++)
            if (at >= source.Length || source[at] != 0) throw new InvalidDataException("a page of the Parquet file is compressed with a dictionary, which is not supported");
        at += size;
        bool isLast;
        do
        {
            if (at + 3 > source.Length) throw Damaged();
            var header = source[at] | (source[at + 1] << 8) | (source[at + 2] << 16);
            at += 3;
            isLast = (header & 1) != 0;
            at += Block((header >> 1) & 3, header >> 3, source[at..]);
        }
        while (!isLast);
        if ((descriptor & 0x04) != 0) at += 4;
        return at <= source.Length ? at : throw Damaged();
    }

    /// <returns>Bytes of the block.</returns>
    private int Block(int kind, int size, ReadOnlySpan<byte> source)
    {
        if (kind == 1)
        {
            if (source.IsEmpty || size > _target.Length - _written) throw Damaged();
            _target.Slice(_written, size).Fill(source[0]);
            _written += size;
            return 1;
        }
        if (kind == 3 || size > source.Length || size > MaxBlock) throw Damaged();
        if (kind == 0) Append(source[..size]);
        else
        {
            var used = Literals(source[..size], out var literals);
            Sequences(source[used..size], literals);
        }
        return size;
    }

    private int Literals(ReadOnlySpan<byte> source, out ReadOnlySpan<byte> literals)
    {
        if (source.Length < 2) throw Damaged();
        var kind = source[0] & 3;
        var format = (source[0] >> 2) & 3;
        var headerBytes = kind < 2 ? format switch { 1 => 2, 3 => 3, _ => 1 } : format switch { 2 => 4, 3 => 5, _ => 3 };
        if (source.Length < headerBytes) throw Damaged();
        var header = 0UL;
        for (var i = 0; i < headerBytes; i++) header |= (ulong)source[i] << (8 * i);
        if (kind < 2)
        {
            var length = (int)(headerBytes == 1 ? header >> 3 : header >> 4);
            if (length > MaxBlock || source.Length - headerBytes < (kind == 0 ? length : 1)) throw Damaged();
            if (kind == 0)
            {
                literals = source.Slice(headerBytes, length);
                return headerBytes + length;
            }
            _literals.AsSpan(0, length).Fill(source[headerBytes]);
            literals = _literals.AsSpan(0, length);
            return headerBytes + 1;
        }
        var width = format switch { 2 => 14, 3 => 18, _ => 10 };
        var regenerated = (int)((header >> 4) & ((1UL << width) - 1));
        var compressed = (int)((header >> (4 + width)) & ((1UL << width) - 1));
        if (regenerated > MaxBlock || compressed > source.Length - headerBytes) throw Damaged();
        var content = source.Slice(headerBytes, compressed);
        if (kind == 2)
        {
            _huffman = HuffmanTable.Read(content, out var used);
            content = content[used..];
        }
        if (_huffman is not { } table) throw Damaged();
        var target = _literals.AsSpan(0, regenerated);
        if (format == 0) table.Decode(content, target);
        else FourStreams(table, content, target);
        literals = target;
        return headerBytes + compressed;
    }

    private static void FourStreams(HuffmanTable table, ReadOnlySpan<byte> content, Span<byte> target)
    {
        if (content.Length < 6) throw Damaged();
        var part = (target.Length + 3) / 4;
        var at = 6;
        for (var i = 0; i < 4; i++)
        {
            var length = i < 3 ? BinaryPrimitives.ReadUInt16LittleEndian(content[(2 * i)..]) : content.Length - at;
            if (length < 0 || length > content.Length - at || part * i > target.Length) throw Damaged();
            table.Decode(content.Slice(at, length), i < 3 ? target.Slice(part * i, Math.Min(part, target.Length - (part * i))) : target[(part * i)..]);
            at += length;
        }
    }

    private void Sequences(ReadOnlySpan<byte> source, ReadOnlySpan<byte> literals)
    {
        if (source.IsEmpty) throw Damaged();
        int count = source[0], at = 1;
        if (count == 0)
        {
            if (source.Length != 1) throw Damaged();
            Append(literals);
            return;
        }
        if (count == 255)
        {
            if (source.Length < 3) throw Damaged();
            count = source[1] + (source[2] << 8) + 0x7F00;
            at = 3;
        }
        else if (count >= 128)
        {
            if (source.Length < 2) throw Damaged();
            count = ((count - 128) << 8) + source[1];
            at = 2;
        }
        if (at >= source.Length) throw Damaged();
        var modes = source[at++];
        if ((modes & 3) != 0) throw Damaged();
        _literalLengths = Table(modes >> 6, source, ref at, s_literalLengths, _literalLengths, MaxLengthLog, MaxLiteralCode);
        _offsets = Table((modes >> 4) & 3, source, ref at, s_offsets, _offsets, MaxOffsetLog, MaxOffsetCode);
        _matchLengths = Table((modes >> 2) & 3, source, ref at, s_matchLengths, _matchLengths, MaxLengthLog, MaxMatchCode);

        var bits = new BackwardBits(source[at..]);
        var literalState = (int)bits.Read(_literalLengths.Log);
        var offsetState = (int)bits.Read(_offsets.Log);
        var matchState = (int)bits.Read(_matchLengths.Log);
        for (var i = 0; i < count; i++)
        {
            var offsetCode = _offsets.Symbol(offsetState);
            var offset = (1L << offsetCode) + bits.Read(offsetCode);
            var matchCode = _matchLengths.Symbol(matchState);
            var match = matchCode < 32 ? matchCode + 3 : MatchBases[matchCode - 32] + (int)bits.Read(MatchBits[matchCode - 32]);
            var literalCode = _literalLengths.Symbol(literalState);
            var literal = literalCode < 16 ? literalCode : LiteralBases[literalCode - 16] + (int)bits.Read(LiteralBits[literalCode - 16]);
            if (literal > literals.Length) throw Damaged();
            Append(literals[..literal]);
            literals = literals[literal..];
            Copy(Distance(offset, literal), match);
            if (i == count - 1) break;
            literalState = _literalLengths.Next(literalState, ref bits);
            matchState = _matchLengths.Next(matchState, ref bits);
            offsetState = _offsets.Next(offsetState, ref bits);
        }
        if (bits.Left != 0) throw Damaged();
        Append(literals);
    }

    private static FseTable Table(int mode, ReadOnlySpan<byte> source, ref int at, FseTable standard, FseTable? last, int maxLog, int maxSymbol)
    {
        switch (mode)
        {
            case 0:
                return standard;
            case 1:
                if (at >= source.Length || source[at] > maxSymbol) throw Damaged();
                return FseTable.Single(source[at++]);
            case 2:
                var table = FseTable.Read(source[at..], maxLog, maxSymbol, out var used);
                at += used;
                return table;
            default:
                return last ?? throw Damaged();
        }
    }

    // The three distances used last have numbers of their own, which mean others behind no literals.
    private long Distance(long offset, int literals)
    {
        if (offset > 3)
        {
            (_recent3, _recent2, _recent1) = (_recent2, _recent1, offset - 3 <= int.MaxValue ? (int)(offset - 3) : throw Damaged());
            return _recent1;
        }
        var which = (int)offset - 1 + (literals == 0 ? 1 : 0);
        switch (which)
        {
            case 0:
                break;
            case 1:
                (_recent1, _recent2) = (_recent2, _recent1);
                break;
            case 2:
                (_recent1, _recent2, _recent3) = (_recent3, _recent1, _recent2);
                break;
            default:
                (_recent1, _recent2, _recent3) = (_recent1 - 1, _recent1, _recent2);
                break;
        }
        return _recent1;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _target.Length - _written) throw Damaged();
        bytes.CopyTo(_target[_written..]);
        _written += bytes.Length;
    }

    // Both may overlap: then the bytes just written are repeated.
    private void Copy(long distance, int count)
    {
        if (distance <= 0 || distance > _written || count > _target.Length - _written) throw Damaged();
        var from = _written - (int)distance;
        if (distance >= count) _target.Slice(from, count).CopyTo(_target[_written..]);
        else
            for (var i = 0; i < count; i++) _target[_written + i] = _target[from + i];
        _written += count;
    }
}
