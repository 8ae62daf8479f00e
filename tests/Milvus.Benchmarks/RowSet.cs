namespace Milvus.Benchmarks;

/// <summary>How many bytes of rows one call goes through.</summary>
public sealed record RowSet(string Name, long Bytes)
{
    /// <summary>Stays in the second-level cache.</summary>
    public static readonly RowSet Cached = new("in cache", 256 << 10);

    /// <summary>Comes from memory every time.</summary>
    public static readonly RowSet Streamed = new("streamed", 384 << 20);

    public override string ToString() => Name;
}
