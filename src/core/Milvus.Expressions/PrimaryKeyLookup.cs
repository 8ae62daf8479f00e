using Milvus.Model;

namespace Milvus.Expressions;

/// <summary>
/// The keys outside of which a filter is never true, so that a segment can look them up instead of scanning. Keys are distinct and
/// ascending (text in byte order).
/// </summary>
/// <param name="Keys">Values of the primary key field; possibly none.</param>
/// <param name="ExactlyKeys">The filter is exactly <c>pk in keys</c>: rows found need no further evaluation.</param>
public sealed record PrimaryKeyLookup(PrimaryKeys Keys, bool ExactlyKeys)
{
    /// <summary>Keys the client gave, duplicates included: what a delete by keys reports.</summary>
    public required int GivenCount { get; init; }
}
