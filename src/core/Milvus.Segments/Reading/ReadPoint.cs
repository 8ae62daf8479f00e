using Milvus.Model;

namespace Milvus.Segments;

/// <summary>The moment a reader looks at.</summary>
/// <param name="ReadAt">Rows inserted at or before it and not deleted at or before it are visible.</param>
/// <param name="ExpireBefore">Rows inserted before it have expired (time to live, truncation); zero when rows do not expire.</param>
public readonly record struct ReadPoint(Timestamp ReadAt, Timestamp ExpireBefore = default)
{
    /// <summary>Everything written so far.</summary>
    public static readonly ReadPoint Latest = new(Timestamp.Max);
}
