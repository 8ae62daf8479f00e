namespace Milvus.Storage.Parquet;

// Numbers here are those of the Parquet format (parquet.thrift).

internal enum ParquetType
{
    Boolean = 0,
    Int32 = 1,
    Int64 = 2,
    Int96 = 3,
    Float = 4,
    Double = 5,
    ByteArray = 6,
    FixedLenByteArray = 7,
}

internal enum ParquetRepetition
{
    Required = 0,
    Optional = 1,
    Repeated = 2,
}

internal enum ParquetCodec
{
    Uncompressed = 0,
    Snappy = 1,
    Gzip = 2,
    Lzo = 3,
    Brotli = 4,
    Lz4 = 5,
    Zstd = 6,
    Lz4Raw = 7,
}

internal enum ParquetEncoding
{
    Plain = 0,
    PlainDictionary = 2,
    Rle = 3,
    BitPacked = 4,
    DeltaBinaryPacked = 5,
    DeltaLengthByteArray = 6,
    DeltaByteArray = 7,
    RleDictionary = 8,
    ByteStreamSplit = 9,
}

internal enum ParquetPageKind
{
    Data = 0,
    Index = 1,
    Dictionary = 2,
    DataV2 = 3,
}

/// <summary>What the bits of a leaf mean, as far as it matters here.</summary>
internal enum ParquetMeaning
{
    None,
    List,
    Unsigned,
    Half,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

/// <summary>A node of the schema: a leaf with values, or a group of nodes.</summary>
internal sealed class ParquetNode
{
    public required string Name { get; init; }

    public required ParquetRepetition Repetition { get; init; }

    public ParquetType Type { get; init; }

    public ParquetMeaning Meaning { get; init; }

    /// <summary>Bytes of a value of fixed length.</summary>
    public int Length { get; init; }

    public ParquetNode[] Children { get; set; } = [];

    /// <summary>Definition level of a value that is there at this node.</summary>
    public int Definition { get; set; }

    public int RepetitionLevel { get; set; }

    /// <summary>Which leaf of the file it is; -1 for a group.</summary>
    public int Leaf { get; set; } = -1;

    public bool IsLeaf => Leaf >= 0;

    public int FirstLeaf => IsLeaf ? Leaf : Children[0].FirstLeaf;
}

/// <summary>Where the values of one leaf are in one row group.</summary>
internal sealed record ParquetChunk(ParquetCodec Codec, long Offset, long Length, long Values);

/// <summary>A row group; a chunk per leaf.</summary>
internal sealed record ParquetRowGroup(long Rows, ParquetChunk[] Chunks);

/// <summary>The footer of a file.</summary>
/// <param name="Root">Its children are the columns.</param>
/// <param name="Leaves">In the order of the chunks.</param>
internal sealed record ParquetMetadata(ParquetNode Root, ParquetNode[] Leaves, ParquetRowGroup[] RowGroups, long Rows);

/// <summary>What stands before the bytes of a page.</summary>
/// <param name="DefinitionBytes">Bytes of definition levels; of version 2 only.</param>
internal readonly record struct ParquetPageHeader(
    ParquetPageKind Kind, int Uncompressed, int Compressed, int Values, ParquetEncoding Encoding, int DefinitionBytes, int RepetitionBytes, bool IsCompressed, int HeaderBytes);
