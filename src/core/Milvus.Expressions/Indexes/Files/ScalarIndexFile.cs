using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Expressions.Indexes.Keys;
using Milvus.Model;

namespace Milvus.Expressions.Indexes;

/// <summary>
/// The file form of a <see cref="ScalarIndex"/>: a fixed header with its own CRC-32C, then the specification and the index's arrays in
/// blocks of at most 1 MiB, each followed by the CRC-32C of everything since the header. All little-endian.
/// </summary>
public static class ScalarIndexFile
{
    private const uint Magic = 0x4353_504D; // "MPSC"
    private const ushort Version = 1;
    private const int MaxSections = 10;
    private const int HeaderBytes = 24 + MaxSections * sizeof(long) + sizeof(uint);
    private const string What = "scalar index";

    [Flags]
    private enum Traits
    {
        None = 0,
        Numbers = 1,
        OfElements = 2,
        Rounded = 4,
        PartlyKnown = 8,
        OneRowPerKey = 16,
        Bitmaps = 32,
    }

    /// <summary>Writes an index.</summary>
    public static void Save(ScalarIndex index, Stream target)
    {
        var sections = new List<ReadOnlyMemory<byte>> { Encode(index.Spec), index.Known is { } known ? MemoryMarshal.AsBytes(known.AsSpan()).ToArray() : default };
        sections.AddRange(index.Sections());
        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], Version);
        header[6] = (byte)index.Spec.Kind;
        header[7] = (byte)sections.Count;
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], index.RowCount);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], (int)TraitsOf(index));
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], TextsOf(index)?.Count ?? 0);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], TextsOf(index)?.LongestBytes ?? 0);
        for (var i = 0; i < sections.Count; i++) BinaryPrimitives.WriteInt64LittleEndian(header[(24 + i * sizeof(long))..], sections[i].Length);
        var checksum = Crc32C.Compute(header[..^sizeof(uint)]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[^sizeof(uint)..], checksum);
        target.Write(header);
        foreach (var section in sections) checksum = ChecksummedBlocks.Write(target, section.Span, checksum);
    }

    /// <summary>Reads an index.</summary>
    /// <param name="source">The bytes written by <see cref="Save"/>.</param>
    /// <param name="sourceName">File or object name for error texts.</param>
    /// <exception cref="IntegrityException">Truncated, altered, or of an unknown version.</exception>
    public static ScalarIndex Load(Stream source, string sourceName)
    {
        try
        {
            return Read(source, sourceName);
        }
        catch (EndOfStreamException e)
        {
            throw new IntegrityException(sourceName, "scalar index is truncated", e);
        }
    }

    private static ScalarIndex Read(Stream source, string sourceName)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        source.ReadExactly(header);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic) throw new IntegrityException(sourceName, "not a scalar index");
        var checksum = Crc32C.Compute(header[..^sizeof(uint)]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[^sizeof(uint)..]) != checksum) throw new IntegrityException(sourceName, "scalar index header fails its checksum");
        var version = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        if (version != Version) throw new IntegrityException(sourceName, $"scalar index version {version} is not known");
        var count = header[7];
        if (count is < 2 or > MaxSections) throw Contradicts(sourceName);
        var sections = new byte[count][];
        var lengths = new long[count];
        for (var i = 0; i < count; i++) lengths[i] = BinaryPrimitives.ReadInt64LittleEndian(header[(24 + i * sizeof(long))..]);
        var facts = new Facts(
            BinaryPrimitives.ReadInt32LittleEndian(header[8..]), (Traits)BinaryPrimitives.ReadInt32LittleEndian(header[12..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[16..]), BinaryPrimitives.ReadInt32LittleEndian(header[20..]));
        for (var i = 0; i < count; i++)
        {
            sections[i] = GC.AllocateUninitializedArray<byte>(checked((int)lengths[i]));
            checksum = ChecksummedBlocks.Read(source, sections[i], checksum, sourceName, What);
        }
        return Assemble(Decode(sections[0], sourceName), facts, sections, sourceName);
    }

    private static ScalarIndex Assemble(ScalarIndexSpec spec, Facts facts, byte[][] sections, string sourceName)
    {
        var known = facts.Traits.HasFlag(Traits.PartlyKnown) ? Array<ulong>(sections[1]) : null;
        if (known is not null && known.Length < Validity.WordCount(facts.RowCount)) throw Contradicts(sourceName);
        if (spec.Kind == ScalarIndexKind.RTree)
        {
            if (sections.Length != 5) throw Contradicts(sourceName);
            var tree = new RTreeIndex(spec, facts.RowCount, known, Array<double>(sections[2]), Array<int>(sections[3]), Array<int>(sections[4]));
            return tree.IsSound() ? tree : throw Contradicts(sourceName);
        }
        if (sections.Length != 9) throw Contradicts(sourceName);
        var isNumeric = facts.Traits.HasFlag(Traits.Numbers);
        var numbers = isNumeric ? new LongKeys(Array<long>(sections[2])) : null;
        var texts = isNumeric ? null : new TextKeys(facts.TextCount, facts.LongestText, Array<int>(sections[3]), sections[4]);
        var postings = new Postings(
            numbers?.Count ?? facts.TextCount,
            facts.RowCount,
            facts.Traits.HasFlag(Traits.OneRowPerKey) ? null : Array<int>(sections[5]),
            facts.Traits.HasFlag(Traits.Bitmaps) ? Array<int>(sections[6]) : null,
            Array<int>(sections[7]),
            Array<ulong>(sections[8]));
        var distinct = !facts.Traits.HasFlag(Traits.OneRowPerKey);
        if (numbers?.IsSound(distinct) == false || texts?.IsSound(distinct) == false || !postings.IsSound(facts.RowCount)) throw Contradicts(sourceName);
        return spec.Kind switch
        {
            ScalarIndexKind.Ngram when texts is not null => new NgramIndex(spec, facts.RowCount, known, texts, postings),
            ScalarIndexKind.Document when texts is not null => new DocumentIndex(spec, facts.RowCount, texts, postings, facts.Traits.HasFlag(Traits.Rounded)),
            ScalarIndexKind.Ngram or ScalarIndexKind.Document => throw Contradicts(sourceName),
            _ => new KeyedIndex(spec, facts.RowCount, known, numbers, texts, postings, facts.Traits.HasFlag(Traits.OfElements), facts.Traits.HasFlag(Traits.Rounded)),
        };
    }

    private static Traits TraitsOf(ScalarIndex index)
    {
        var traits = index.Known is null ? Traits.None : Traits.PartlyKnown;
        if (index is DocumentIndex { IsRounded: true }) traits |= Traits.Rounded;
        if (index is not KeyedIndex keyed) return traits;
        if (keyed.Numbers is not null) traits |= Traits.Numbers;
        if (keyed.OfElements) traits |= Traits.OfElements;
        if (keyed.IsRounded) traits |= Traits.Rounded;
        if (keyed.Spec.Kind == ScalarIndexKind.Sorted && !keyed.OfElements) traits |= Traits.OneRowPerKey;
        if (keyed.Spec.Kind == ScalarIndexKind.Bitmap) traits |= Traits.Bitmaps;
        return traits;
    }

    private static TextKeys? TextsOf(ScalarIndex index) => index switch
    {
        KeyedIndex keyed => keyed.Texts,
        NgramIndex ngram => ngram.Grams,
        DocumentIndex document => document.Keys,
        _ => null,
    };

    private static T[] Array<T>(byte[] bytes)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes.AsSpan()).ToArray();

    private static ReadOnlyMemory<byte> Encode(ScalarIndexSpec spec)
    {
        var output = new ArrayBufferWriter<byte>();
        ColumnCodec.WriteByte(output, (byte)spec.Kind);
        ColumnCodec.WriteByte(output, (byte)spec.Cast);
        ColumnCodec.WriteInt32(output, spec.MinGram);
        ColumnCodec.WriteInt32(output, spec.MaxGram);
        ColumnCodec.WriteInt32(output, spec.BitmapLimit);
        var path = spec.Path.IsDefault ? [] : spec.Path;
        ColumnCodec.WriteInt32(output, path.Length);
        foreach (var key in path) ColumnCodec.WriteText(output, key);
        return output.WrittenMemory;
    }

    private static ScalarIndexSpec Decode(byte[] bytes, string sourceName)
    {
        var input = new ColumnReader(bytes, sourceName);
        var (kind, cast) = ((ScalarIndexKind)input.ReadByte(), (JsonCast)input.ReadByte());
        if (!Enum.IsDefined(kind) || !Enum.IsDefined(cast)) throw new IntegrityException(sourceName, $"scalar index of kind {kind} and cast {cast} is not known");
        var (min, max, limit) = (input.ReadInt32(), input.ReadInt32(), input.ReadInt32());
        var path = ImmutableArray.CreateBuilder<string>();
        for (int i = 0, n = input.ReadCount(itemBytes: 4); i < n; i++) path.Add(input.ReadText());
        return new ScalarIndexSpec(kind) { Cast = cast, MinGram = min, MaxGram = max, BitmapLimit = limit, Path = path.DrainToImmutable() };
    }

    private static IntegrityException Contradicts(string sourceName) => new(sourceName, "scalar index contradicts itself");

    private readonly record struct Facts(int RowCount, Traits Traits, int TextCount, int LongestText);
}
