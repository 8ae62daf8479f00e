using Milvus.Model;

namespace Milvus.Expressions;

/// <summary>
/// Bounds of the primary key outside of which a filter is never true, so that a page of an iterator starts where the one before it ended. Text is
/// ordered by its bytes.
/// </summary>
/// <param name="Low">One key, null without a lower bound.</param>
/// <param name="LowInclusive">Rows with exactly the lower bound may pass.</param>
/// <param name="High">One key, null without an upper bound.</param>
/// <param name="HighInclusive">Rows with exactly the upper bound may pass.</param>
/// <param name="IsExact">The filter says nothing else: rows inside the bounds need no further evaluation.</param>
public sealed record PrimaryKeyRange(PrimaryKeys? Low, bool LowInclusive, PrimaryKeys? High, bool HighInclusive, bool IsExact);
