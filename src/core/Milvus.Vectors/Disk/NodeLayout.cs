using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Where nodes are in the file. A node is its vector, 1 / |vector|, the number of its links, the links, and in the all-on-disk form an entry
/// of <see cref="DiskCodes"/> per link. As many nodes as fit share a block of 4 KiB; a node that does not fit has a block of several times
/// that size. A block ends with its checksum.
/// </summary>
internal sealed record NodeLayout
{
    public const int SectorBytes = 4096;

    private const int ChecksumBytes = sizeof(uint);

    public NodeLayout(int vectorBytes, int degree, int entryBytes)
    {
        VectorBytes = vectorBytes;
        Degree = degree;
        EntryBytes = entryBytes;
        NormOffset = (vectorBytes + 3) & ~3;
        LinksOffset = NormOffset + sizeof(float) + sizeof(int);
        EntriesOffset = LinksOffset + (degree * sizeof(int));
        NodeBytes = (EntriesOffset + (degree * entryBytes) + 3) & ~3;
        BlockBytes = (NodeBytes + ChecksumBytes + (SectorBytes - 1)) / SectorBytes * SectorBytes;
        NodesPerBlock = (BlockBytes - ChecksumBytes) / NodeBytes;
    }

    public int VectorBytes { get; }

    public int Degree { get; }

    /// <summary>Bytes of a neighbour's code beside its link; 0 when codes are in memory.</summary>
    public int EntryBytes { get; }

    public int NormOffset { get; }

    public int CountOffset => NormOffset + sizeof(float);

    public int LinksOffset { get; }

    public int EntriesOffset { get; }

    public int NodeBytes { get; }

    /// <summary>What one read brings.</summary>
    public int BlockBytes { get; }

    public int NodesPerBlock { get; }

    public int BlockOf(int row) => row / NodesPerBlock;

    public int OffsetInBlock(int row) => row % NodesPerBlock * NodeBytes;

    public int BlocksFor(int rows) => (rows + (NodesPerBlock - 1)) / NodesPerBlock;

    /// <summary>The checksum of a block: of its number and of what it holds, begun with that of the file's header.</summary>
    public uint Checksum(uint seed, int block, ReadOnlySpan<byte> bytes)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(number, block);
        return Crc32C.Append(Crc32C.Append(seed, number), bytes[..(BlockBytes - ChecksumBytes)]);
    }

    /// <summary>The checksum that stands at the end of a block.</summary>
    public uint Stored(ReadOnlySpan<byte> bytes) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes[(BlockBytes - ChecksumBytes)..]);

    /// <summary>Ends a block.</summary>
    public void Seal(uint seed, int block, Span<byte> bytes) =>
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes[(BlockBytes - ChecksumBytes)..], Checksum(seed, block, bytes));
}
