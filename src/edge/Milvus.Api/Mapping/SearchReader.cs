using System.Collections.Immutable;
using Google.Protobuf;
using Milvus.Model;
using Milvus.Protocol.Common;
using Milvus.Proxy;
using WireHybrid = Milvus.Protocol.HybridSearchRequest;
using WireLevel = Milvus.Protocol.Common.ConsistencyLevel;
using WireQuery = Milvus.Protocol.QueryRequest;
using WireSearch = Milvus.Protocol.SearchRequest;

namespace Milvus.Api.Mapping;

/// <summary>Reads search, hybrid search and query requests.</summary>
public static class SearchReader
{
    public static QueryRequest Read(WireQuery wire) => new()
    {
        Collection = wire.CollectionName,
        Partitions = [.. wire.PartitionNames],
        Namespace = wire.HasNamespace ? wire.Namespace : null,
        Expression = wire.Expr,
        Templates = wire.ExprTemplateValues.ToLiterals(),
        OutputFields = [.. wire.OutputFields],
        ConsistencyLevel = Level(wire.ConsistencyLevel, wire.UseDefaultConsistency),
        GuaranteeTimestamp = wire.GuaranteeTimestamp,
        Params = AddTravel(wire.QueryParams.ToParams(), wire.TravelTimestamp),
    };

    /// <exception cref="MilvusException">1100: no queries, or queries this server can't read.</exception>
    public static SearchRequest Read(WireSearch wire)
    {
        if (wire.Template is SearchTemplate template)
        {
            var (again, byKeys) = ReadPlaceholders(wire.PlaceholderGroup);
            return again is not null ? template.With(again, wire.GuaranteeTimestamp) : template.Search with { Keys = byKeys, GuaranteeTimestamp = wire.GuaranteeTimestamp };
        }
        var request = ReadCommon(wire);
        if (wire.SearchInputCase == WireSearch.SearchInputOneofCase.Ids) return request with { Keys = KeyMapping.ToKeys(wire.Ids) };

        var (vectors, keys) = ReadPlaceholders(wire.PlaceholderGroup);
        return request with { Vectors = vectors, Keys = keys };
    }

    /// <summary>Everything but vectors and keys.</summary>
    /// <exception cref="MilvusException">As for <see cref="Read(WireSearch)"/>.</exception>
    public static SearchRequest ReadCommon(WireSearch wire)
    {
        return new SearchRequest
        {
            Collection = wire.CollectionName,
            Partitions = [.. wire.PartitionNames],
            Namespace = wire.HasNamespace ? wire.Namespace : null,
            Expression = wire.Dsl,
            Templates = wire.ExprTemplateValues.ToLiterals(),
            OutputFields = [.. wire.OutputFields],
            ConsistencyLevel = Level(wire.ConsistencyLevel, wire.UseDefaultConsistency),
            GuaranteeTimestamp = wire.GuaranteeTimestamp,
            Params = AddTravel(wire.SearchParams.ToParams(), wire.TravelTimestamp),
            Highlight = wire.Highlighter is { } highlighter ? new HighlightRequest(highlighter.Type == HighlightType.Semantic, highlighter.Params.ToParams()) : null,
            Score = FunctionScoreReader.Read(wire.FunctionScore),
            Chains = FunctionChainReader.Read(wire.FunctionChains),
            Aggregation = wire.SearchAggregation is { } aggregation ? AggregationMapping.Read(aggregation) : null,
        };
    }

    /// <exception cref="MilvusException">As for <see cref="Read(WireSearch)"/>.</exception>
    public static HybridSearchRequest Read(WireHybrid wire)
    {
        if (wire.FunctionChains.Count > 0) throw MilvusException.InvalidParameter("function_chains is not supported for hybrid search yet");
        return new HybridSearchRequest
        {
            Collection = wire.CollectionName,
            Requests = [.. wire.Requests.Select(Read)],
            Namespace = wire.HasNamespace ? wire.Namespace : null,
            RankParams = AddTravel(wire.RankParams.ToParams(), wire.TravelTimestamp),
            Score = FunctionScoreReader.Read(wire.FunctionScore),
            Partitions = [.. wire.PartitionNames],
            OutputFields = [.. wire.OutputFields],
            ConsistencyLevel = Level(wire.ConsistencyLevel, wire.UseDefaultConsistency),
            GuaranteeTimestamp = wire.GuaranteeTimestamp,
        };
    }

    private static ImmutableDictionary<string, string> AddTravel(ImmutableDictionary<string, string> parameters, ulong travel) =>
        travel == 0 ? parameters : parameters.SetItem("travel_timestamp", travel.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static Model.ConsistencyLevel? Level(WireLevel level, bool useDefault) =>
        useDefault ? null : (Model.ConsistencyLevel)(int)level;

    private static (QueryVectors? Vectors, PrimaryKeys? Keys) ReadPlaceholders(ByteString bytes)
    {
        if (PlainVectors(bytes.Memory) is { } plain) return (plain, null);
        PlaceholderGroup group;
        try
        {
            group = PlaceholderGroup.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw MilvusException.InvalidParameter($"failed to unmarshal placeholder group: {e.Message}");
        }

        // One group holds one kind of value; clients send exactly one placeholder.
        var values = group.Placeholders.Count == 1 ? group.Placeholders[0] : null;
        if (group.Placeholders.Count > 1) throw MilvusException.InvalidParameter("a search takes one placeholder, more were given");
        if (values is null || values.Values.Count == 0) throw MilvusException.InvalidParameter("empty search request");
        switch (values.Type)
        {
            case PlaceholderType.BinaryVector or PlaceholderType.FloatVector or PlaceholderType.Float16Vector
                or PlaceholderType.Bfloat16Vector or PlaceholderType.SparseFloatVector or PlaceholderType.Int8Vector or PlaceholderType.VarChar:
                return (new QueryVectors((DataType)(int)values.Type, [.. values.Values.Select(v => v.Memory)]), null);
            case PlaceholderType.EmbListBinaryVector or PlaceholderType.EmbListFloatVector or PlaceholderType.EmbListFloat16Vector
                or PlaceholderType.EmbListBfloat16Vector or PlaceholderType.EmbListInt8Vector:
                // A list of vectors has the type of its vectors, moved by 200.
                return (new QueryVectors((DataType)((int)values.Type - 200), [.. values.Values.Select(v => v.Memory)]) { AreLists = true }, null);
            case PlaceholderType.Int64:
                return (null, PrimaryKeys.Of(values.Values.Select(ReadKey).ToArray()));
            default:
                throw MilvusException.InvalidParameter($"placeholder type {values.Type} is not supported");
        }
    }

    /// <summary>Vectors of one placeholder, left where they are; null for anything else, right or wrong.</summary>
    private static QueryVectors? PlainVectors(ReadOnlyMemory<byte> group)
    {
        var outer = new WireFields(group.Span);
        if (!outer.Next() || outer.Number != PlaceholderGroup.PlaceholdersFieldNumber || !outer.IsDelimited || outer.End != group.Length) return null;
        var placeholder = group[outer.Content..];
        var fields = new WireFields(placeholder.Span);
        var type = PlaceholderType.None;
        var count = 0;
        while (fields.Next())
        {
            if (fields.Number == PlaceholderValue.ValuesFieldNumber && fields.IsDelimited) count++;
            else if (fields.Number == PlaceholderValue.TypeFieldNumber && fields.IsVarint) type = (PlaceholderType)(int)fields.Number64;
            else if (fields.Number != PlaceholderValue.TagFieldNumber) return null;
        }
        if (fields.IsMalformed || count == 0) return null;
        if (type is not (PlaceholderType.FloatVector or PlaceholderType.BinaryVector or PlaceholderType.Float16Vector or PlaceholderType.Bfloat16Vector or PlaceholderType.Int8Vector)) return null;
        var rows = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(count);
        fields = new WireFields(placeholder.Span);
        while (fields.Next())
            if (fields.Number == PlaceholderValue.ValuesFieldNumber) rows.Add(placeholder[fields.Content..fields.End]);
        return new QueryVectors((DataType)(int)type, rows.MoveToImmutable());
    }

    private static long ReadKey(ByteString value) => value.Length == sizeof(long)
        ? System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(value.Span)
        : throw MilvusException.InvalidParameter($"a primary key placeholder has 8 bytes, not {value.Length}");
}
