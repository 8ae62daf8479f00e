using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Queries;

/// <summary>An element of a row's list of structs.</summary>
internal sealed record ElementCursor(KeyValue Key, long Element)
{
    private const string KeyName = "query_iter_last_pk";
    private const string ElementName = "query_iter_last_element_offset";

    /// <summary>Null when the parameters name none.</summary>
    /// <exception cref="MilvusException">1100: a part is missing or cannot be read, or nothing is iterated over.</exception>
    public static ElementCursor? Find(ImmutableDictionary<string, string> parameters, bool isIterator, FieldSchema primaryKey)
    {
        var key = parameters.GetValueOrDefault(KeyName);
        var element = parameters.GetValueOrDefault(ElementName);
        if (key is null && element is null) return null;
        if (!isIterator) throw MilvusException.InvalidParameter($"invalid query iterator cursor params: {KeyName} and {ElementName} can only be used when iterator=true");
        if (key is null || element is null)
        {
            throw MilvusException.InvalidParameter(
                $"incomplete query iterator cursor params: {KeyName} and {ElementName} must be provided together, has_last_pk={(key is null ? "false" : "true")}, has_last_element_offset={(element is null ? "false" : "true")}");
        }
        if (!ParamText.TryInt(element, out var place) || place < 0)
            throw MilvusException.InvalidParameter("value for query iterator last element offset is invalid", "non-negative int value", element);
        if (primaryKey.Type == DataType.VarChar) return new ElementCursor(new KeyValue(0, key), place);
        return ParamText.TryInt(key, out var number)
            ? new ElementCursor(new KeyValue(number, null), place)
            : throw MilvusException.InvalidParameter("value for query iterator last primary key is invalid", "int64 primary key", key);
    }
}

/// <summary>The parameters of a query, parsed.</summary>
internal sealed record QueryParameters
{
    /// <summary>Null for all rows.</summary>
    public int? Limit { get; private init; }

    public int Offset { get; private init; }

    public bool IsIterator { get; private init; }

    public bool IgnoreGrowing { get; private init; }

    /// <summary>The last element that an iterator with element_filter was given; null at its beginning and for other queries.</summary>
    public ElementCursor? Cursor { get; private init; }

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
            Cursor = ElementCursor.Find(parameters, iterator, collection.Schema.PrimaryKey),
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
