using Milvus.Proxy.Reading.Searches;

namespace Milvus.Proxy;

/// <summary>
/// What searches that differ in nothing but their vectors and guarantee timestamps have in common. It remembers what the last of them was planned as, so
/// that the next one neither reads its parameters nor compiles its filter. Thread-safe.
/// </summary>
/// <param name="search">Without vectors and keys.</param>
public sealed class SearchTemplate(SearchRequest search)
{
    private PlannedSearch? _planned;

    /// <summary>What they have in common, without vectors, keys and guarantee timestamp.</summary>
    public SearchRequest Search { get; } = search with { GuaranteeTimestamp = 0 };

    /// <summary>One of the searches.</summary>
    /// <param name="guarantee">As for <see cref="ReadRequest.GuaranteeTimestamp"/>.</param>
    public SearchRequest With(QueryVectors vectors, ulong guarantee) => Search with { Vectors = vectors, GuaranteeTimestamp = guarantee, Template = this };

    /// <summary>What was remembered, if it holds for the collection as it is now.</summary>
    internal PlannedSearch? Find(Model.CollectionInfo collection) =>
        Volatile.Read(ref _planned) is { } planned && ReferenceEquals(planned.Plan.Collection, collection) ? planned : null;

    internal void Remember(PlannedSearch planned) => Volatile.Write(ref _planned, planned);
}
