using System.Buffers.Binary;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The first bytes of an index file, little-endian: magic (8), version, header bytes, kind, metric, data type, dimension, rows, M,
/// efConstruction (4 each), seed (8), payload bytes (8), number of upper levels (4), their sizes (4 each) and maybe the width of the beam, which then counts as one, CRC-32C of all before (4).
/// </summary>
internal sealed record IndexHeader
{
    public const int Version = 1;

    /// <summary>Of graphs with the byte codes that they are searched by, and of inverted files with a refinement; files without them stay as they were.</summary>
    public const int VersionWithCodes = 2;

    /// <summary>Added to the version of files whose payload lies as <see cref="AlignedBlocks"/> says rather than in chained blocks.</summary>
    private const int Aligned = 16;

    /// <summary>Added to the version of graphs whose last level count is <see cref="Beam"/> instead.</summary>
    private const int WithBeam = 32;

    private const int FixedBytes = 64;
    private const int MaxNumbers = 65;

    private static ReadOnlySpan<byte> Magic => "MVECINDX"u8;

    public int FormatVersion { get; init; } = Version;

    /// <summary>The payload can be used where it is in a mapped file.</summary>
    public bool IsAligned { get; init; }

    /// <summary>Bytes of the header in the file.</summary>
    public int Length => FixedBytes + (Numbers.Length * sizeof(int)) + sizeof(uint);

    public required VectorIndexKind Kind { get; init; }

    public required MetricType Metric { get; init; }

    public required DataType Type { get; init; }

    public required int Dimension { get; init; }

    public required int Rows { get; init; }

    public int M { get; init; }

    public int EfConstruction { get; init; }

    public ulong Seed { get; init; }

    public long PayloadBytes { get; init; }

    public int[] LevelCounts { get; init; } = [];

    /// <summary>How wide a graph's beam has to be where a search names none; 0 where that was not tried.</summary>
    public int Beam { get; init; }

    private int[] Numbers => Beam > 0 ? [.. LevelCounts, Beam] : LevelCounts;

    /// <summary>Writes the header.</summary>
    /// <returns>Its checksum, which seeds the payload's.</returns>
    public uint Write(Stream target)
    {
        int[] numbers = Numbers;
        var bytes = new byte[Length];
        Magic.CopyTo(bytes);
        int[] fields = [FormatVersion | (IsAligned ? Aligned : 0) | (Beam > 0 ? WithBeam : 0), bytes.Length, (int)Kind, (int)Metric, (int)Type, Dimension, Rows, M, EfConstruction];
        for (int i = 0; i < fields.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8 + (i * sizeof(int))), fields[i]);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(44), Seed);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(52), PayloadBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(60), numbers.Length);
        for (int i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(FixedBytes + (i * sizeof(int))), numbers[i]);
        uint checksum = Crc32C.Compute(bytes.AsSpan(0, bytes.Length - sizeof(uint)));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - sizeof(uint)), checksum);
        target.Write(bytes);
        return checksum;
    }

    /// <exception cref="IntegrityException">Not an index, of an unknown version, truncated or damaged.</exception>
    public static IndexHeader Read(Stream source, string sourceName, out uint checksum)
    {
        var start = new byte[FixedBytes];
        ReadFully(source, start, sourceName);
        if (!start.AsSpan(0, 8).SequenceEqual(Magic))
            throw new IntegrityException(sourceName, "is not a vector index");
        int stored = Field(start, 0), version = stored & ~(Aligned | WithBeam), length = Field(start, 1);
        if (version is not (Version or VersionWithCodes))
            throw new IntegrityException(sourceName, $"vector index version {stored} is not known");
        if (length < FixedBytes + sizeof(uint) || length > FixedBytes + (MaxNumbers * sizeof(int)) + sizeof(uint) || length % sizeof(int) != 0)
            throw new IntegrityException(sourceName, "the vector index header is damaged");
        var rest = new byte[length - FixedBytes];
        ReadFully(source, rest, sourceName);
        checksum = Crc32C.Append(Crc32C.Compute(start), rest.AsSpan(0, rest.Length - sizeof(uint)));
        int levels = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(60));
        if (checksum != BinaryPrimitives.ReadUInt32LittleEndian(rest.AsSpan(rest.Length - sizeof(uint)))
            || rest.Length != (levels * sizeof(int)) + sizeof(uint))
            throw new IntegrityException(sourceName, "checksum mismatch in the vector index header");

        var numbers = new int[levels];
        for (int i = 0; i < levels; i++)
            numbers[i] = BinaryPrimitives.ReadInt32LittleEndian(rest.AsSpan(i * sizeof(int)));
        bool hasBeam = (stored & WithBeam) != 0;
        if (hasBeam && (levels == 0 || numbers[^1] < 1))
            throw new IntegrityException(sourceName, "the vector index header contradicts itself");
        return new IndexHeader
        {
            FormatVersion = version,
            IsAligned = (stored & Aligned) != 0,
            Kind = (VectorIndexKind)Field(start, 2),
            Metric = (MetricType)Field(start, 3),
            Type = (DataType)Field(start, 4),
            Dimension = Field(start, 5),
            Rows = Field(start, 6),
            M = Field(start, 7),
            EfConstruction = Field(start, 8),
            Seed = BinaryPrimitives.ReadUInt64LittleEndian(start.AsSpan(44)),
            PayloadBytes = BinaryPrimitives.ReadInt64LittleEndian(start.AsSpan(52)),
            LevelCounts = hasBeam ? numbers[..^1] : numbers,
            Beam = hasBeam ? numbers[^1] : 0,
        };
    }

    private static int Field(ReadOnlySpan<byte> start, int index) => BinaryPrimitives.ReadInt32LittleEndian(start[(8 + (index * sizeof(int)))..]);

    private static void ReadFully(Stream source, Span<byte> target, string sourceName)
    {
        if (source.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
            throw new IntegrityException(sourceName, "the vector index ends inside its header");
    }
}
