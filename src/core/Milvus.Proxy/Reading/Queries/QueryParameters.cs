using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Queries;

/// <summary>The parameters of a query, parsed.</summary>
internal sealed record QueryParameters
{
    /// <summary>Null for all rows.</summary>
    public int? Limit { get; private init; }

    public int Offset { get; private init; }

    public bool IsIterator { get; private init; }

    public bool IgnoreGrowing { get; private init; }

    /// <summary>Empty for the order of primary keys.</summary>
    public ImmutableArray<OrderItem> OrderBy { get; private init; } = [];

    public ImmutableArray<string> GroupBy { get; private init; } = [];

    public static QueryParameters Parse(ImmutableDictionary<string, string> parameters, CollectionInfo collection)
    {
        var iterator = ParamText.IsTrue(parameters.GetValueOrDefault("iterator"));
        var limit = WindowChecks.Find(parameters, "limit");
        var offset = WindowChecks.Find(parameters, "offset");
        var result = new QueryParameters
        {
            IsIterator = iterator,
            IgnoreGrowing = ParamText.IgnoresGrowing(parameters.GetValueOrDefault("ignore_growing")),
            OrderBy = OrderItem.Parse(parameters.GetValueOrDefault("order_by_fields"), "must be"),
            GroupBy = NameLists.Parse(parameters.GetValueOrDefault("group_by_fields")),
        };
        // An offset alone means nothing; a page of an iterator may ask for more than the window and gets what fits.
        if (limit is null) return result;
        if (iterator) limit = Math.Min(limit.Value, Limits.ResultWindow - Math.Clamp(offset ?? 0, 0, Limits.ResultWindow - 1));
        WindowChecks.CheckQuery(limit.Value, offset ?? 0, WindowChecks.Most(collection));
        return result with { Limit = (int)limit.Value, Offset = (int)(offset ?? 0) };
    }
}
