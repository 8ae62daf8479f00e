using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Milvus.Api.Mapping;
using Milvus.Api.Rest.Values;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Rest.Endpoints;

/// <summary>Search and hybrid search.</summary>
internal static class SearchEndpoints
{
    public static void Add(Dictionary<string, RestEndpoint> table)
    {
        table["entities/search"] = SearchAsync;
        table["entities/hybrid_search"] = table["entities/advanced_search"] = HybridAsync;
        table["entities/explain"] = ExplainAsync;
    }

    private static async ValueTask<RestReply> SearchAsync(RestCall call)
    {
        var result = await RunAsync(call, call.Flag("explain"));
        return call.Has("searchAggregation") ? AggregationJson.Write(call, result) : WriteHits(call, result);
    }

    private static async ValueTask<RestReply> HybridAsync(RestCall call) => WriteHits(call, await RunHybridAsync(call, call.Flag("explain")));

    /// <summary>Takes what a query, a search or a hybrid search takes, and answers with how it was answered.</summary>
    private static async ValueTask<RestReply> ExplainAsync(RestCall call)
    {
        if (ExplainsQuery(call))
        {
            var rows = await EntityEndpoints.RunQueryAsync(call, explain: true);
            return new RestReply(w => ExplainJson.Write(w, rows.Explain!, rows.Collection));
        }
        var hits = call.Has("search") ? await RunHybridAsync(call, explain: true) : await RunAsync(call, explain: true);
        return new RestReply(w => ExplainJson.Write(w, hits.Explain!, hits.Collection));
    }

    /// <summary>What is to be explained is told by what the request holds.</summary>
    public static bool ExplainsQuery(RestCall call) => !call.Has("search") && !call.Has("data") && !call.Has("ids");

    private static async Task<SearchResult> RunAsync(RestCall call, bool explain)
    {
        var name = call.Collection;
        if (!call.Has("data") && !call.Has("ids")) throw RestFailure.Missing("SearchReqV2", "data");
        var searchesByKeys = call.Has("ids") && call.Find("ids") is { } ids && !IsEmptyList(ids);
        if (searchesByKeys && call.Has("data"))
            throw MilvusException.InvalidParameter("primary keys (ids) and query vectors (data) are mutually exclusive. Please provide either 'ids' or 'data', not both");
        if (!searchesByKeys && !call.Has("data"))
            throw new RestFailure(RestCodes.MissingParameter, "either 'ids' (for primary key search) or 'data' (for vector search) must be provided");
        var collection = call.DescribedCollection();
        var request = ReadSearch(call, call.Body, collection, defaultLimit: 100, isWhole: true) with
        {
            Partitions = call.Texts("partitionNames"),
            OutputFields = call.Texts("outputFields"),
            ConsistencyLevel = call.Consistency(),
            Aggregation = AggregationJson.Read(call),
            Chains = RestCall.TryGet(call.Body, "functionChains", out var chains) && chains.ValueKind != JsonValueKind.Null ? FunctionChainReader.Read(chains) : [],
        };
        if (explain) request = request with { Params = request.Params.SetItem("explain", "true") };
        return await call.Proxy.SearchAsync(call.Context, request, call.Cancellation);
    }

    private static async Task<SearchResult> RunHybridAsync(RestCall call, bool explain)
    {
        var name = call.Collection;
        if (call.Find("search") is not { } subs) throw RestFailure.Missing("HybridSearchReq", "search");
        if (subs.ValueKind != JsonValueKind.Array) throw RestCall.WrongType("search", "[]SubSearchReq", subs);
        foreach (var unsupported in new[] { "searchAggregation", "functionChains" })
        {
            if (call.Has(unsupported) || subs.EnumerateArray().Any(s => s.ValueKind == JsonValueKind.Object && RestCall.TryGet(s, unsupported, out var given) && given.ValueKind != JsonValueKind.Null))
                throw MilvusException.InvalidParameter($"{unsupported} is not supported for hybrid search");
        }
        var collection = call.DescribedCollection();
        var rank = ImmutableDictionary.CreateBuilder<string, string>();
        rank["limit"] = Text(call.Number("limit", 100));
        if (call.Number("offset") is var offset && offset != 0) rank["offset"] = Text(offset);
        rank["round_decimal"] = "-1";
        if (call.Object("rerank") is { } rerank)
        {
            if (RestCall.Text(rerank, "strategy") is { Length: > 0 } strategy) rank["strategy"] = strategy;
            if (RestCall.Object(rerank, "params") is { } p) rank["params"] = p.GetRawText();
        }
        AddGrouping(call.Body, rank);
        if (explain) rank["explain"] = "true";
        return await call.Proxy.HybridSearchAsync(call.Context, new HybridSearchRequest
        {
            Collection = name,
            Requests = [.. subs.EnumerateArray().Select(s => s.ValueKind == JsonValueKind.Object ? ReadSearch(call, s, collection, defaultLimit: 0, isWhole: false) : throw RestCall.WrongType("search", "SubSearchReq", s))],
            RankParams = rank.ToImmutable(),
            Partitions = call.Texts("partitionNames"),
            OutputFields = call.Texts("outputFields"),
            ConsistencyLevel = call.Consistency(),
            Score = ReadScore(call.Body),
        }, call.Cancellation);
    }

    /// <summary>Rerankers as functions; null when there are none.</summary>
    private static FunctionScore? ReadScore(JsonElement owner)
    {
        if (RestCall.Object(owner, "functionScore") is not { } score) return null;
        if (!score.TryGetProperty("functions", out var list) || list.ValueKind != JsonValueKind.Array) throw RestCall.WrongType("functions", "[]FunctionSchema", score);
        var functions = ImmutableArray.CreateBuilder<RankFunction>();
        foreach (var f in list.EnumerateArray())
        {
            if (f.ValueKind != JsonValueKind.Object) throw RestCall.WrongType("functions", "FunctionSchema", f);
            if (RestCall.Text(f, "type") is not ("Rerank" or "")) throw MilvusException.InvalidParameter($"function {RestCall.Text(f, "name")} is no rerank function");
            functions.Add(new RankFunction(RestCall.Text(f, "name"), RestCall.Texts(f, "inputFieldNames"), Params(f)));
        }
        return functions.Count == 0 ? null : new FunctionScore(functions.ToImmutable(), Params(score));
    }

    private static ImmutableDictionary<string, string> Params(JsonElement owner)
    {
        var parameters = ImmutableDictionary.CreateBuilder<string, string>();
        if (RestCall.Object(owner, "params") is { } given)
            foreach (var p in given.EnumerateObject())
                parameters[p.Name] = p.Value.ValueKind is JsonValueKind.Array or JsonValueKind.Object ? p.Value.GetRawText() : RestCall.ScalarText(p.Value);
        return parameters.ToImmutable();
    }

    /// <param name="isWhole">False for one search of several: grouping and metric type have no effect there, and it has no default limit.</param>
    private static SearchRequest ReadSearch(RestCall call, JsonElement owner, CollectionInfo collection, long defaultLimit, bool isWhole)
    {
        var field = FindField(collection, RestCall.Text(owner, "annsField"));
        var parameters = ImmutableDictionary.CreateBuilder<string, string>();
        parameters["anns_field"] = field.Name;
        parameters["topk"] = Text(RestCall.Number(owner, "limit", defaultLimit));
        if (RestCall.Number(owner, "offset") is var offset && offset != 0) parameters["offset"] = Text(offset);
        parameters["round_decimal"] = "-1";
        if (isWhole) AddGrouping(owner, parameters);
        AddSearchParams(owner, isWhole ? "searchParams" : "params", parameters);
        var request = new SearchRequest
        {
            Collection = call.Collection,
            Expression = RestCall.Text(owner, "filter"),
            Templates = EntityEndpoints.Templates(owner),
            Params = TimeOptions.Of(call).AddTo(parameters.ToImmutable()),
            Score = ReadScore(owner),
        };
        if (RestCall.TryGet(owner, "ids", out var ids) && ids.ValueKind != JsonValueKind.Null && !IsEmptyList(ids))
        {
            try
            {
                return request with { Keys = EntityEndpoints.ReadKeys(ids, collection.Schema.PrimaryKey) };
            }
            catch (RestFailure e) when (e.Code == RestCodes.BadPrimaryKey)
            {
                // Searches call keys that cannot be read an invalid parameter; other requests have a code of their own for them.
                throw MilvusException.InvalidParameter(e.Message);
            }
        }
        if (!RestCall.TryGet(owner, "data", out var data) || data.ValueKind == JsonValueKind.Null) throw RestFailure.Missing("SubSearchReq", "data");
        return request with { Vectors = ReadVectors(data, field) };
    }

    private static bool IsEmptyList(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0;

    private static FieldSchema FindField(CollectionInfo collection, string name)
    {
        if (name.Length > 0)
        {
            return collection.Schema.Find(name) is { } found && found.Type.IsVector()
                ? found
                : throw MilvusException.InvalidParameter($"cannot find a vector field named: {name}");
        }
        var vectors = collection.Schema.VectorFields.ToList();
        return vectors.Count == 1 ? vectors[0] : throw MilvusException.InvalidParameter("multiple anns_fields exist, please specify a anns_field in search_params");
    }

    private static QueryVectors ReadVectors(JsonElement data, FieldSchema field)
    {
        if (data.ValueKind != JsonValueKind.Array) throw RestFailure.BadJson("data should be an array of vectors");
        var rows = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(data.GetArrayLength());
        var isText = field.IsFunctionOutput && data.GetArrayLength() > 0 && data[0].ValueKind == JsonValueKind.String;
        if (field.Type == DataType.ArrayOfVector && !data.EnumerateArray().All(IsVector)) return ReadLists(data, field);
        foreach (var vector in data.EnumerateArray())
        {
            try
            {
                rows.Add(
                    isText ? Encoding.UTF8.GetBytes(vector.GetString()!)
                    : field.Type == DataType.SparseFloatVector ? ValueReader.ReadSparse(vector)
                    : ValueReader.ReadDense(vector, ElementType(field), field.Dimension));
            }
            catch (Exception e) when (e is FormatException or OverflowException or InvalidOperationException or ArgumentException)
            {
                throw RestFailure.BadJson(e.Message);
            }
        }
        return new QueryVectors(isText ? DataType.VarChar : ElementType(field), rows.MoveToImmutable());
    }

    private static DataType ElementType(FieldSchema field) => field.Type == DataType.ArrayOfVector ? field.ElementType : field.Type;

    /// <summary>A vector rather than a list of vectors.</summary>
    private static bool IsVector(JsonElement value) =>
        value.ValueKind != JsonValueKind.Array || value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.Number);

    private static QueryVectors ReadLists(JsonElement data, FieldSchema field)
    {
        try
        {
            return new QueryVectors(
                field.ElementType,
                [.. data.EnumerateArray().Select(list => new ReadOnlyMemory<byte>([.. list.EnumerateArray().SelectMany(v => ValueReader.ReadDense(v, field.ElementType, field.Dimension))]))])
            {
                AreLists = true,
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidOperationException or ArgumentException)
        {
            throw RestFailure.BadJson(e.Message);
        }
    }

    private static void AddGrouping(JsonElement owner, ImmutableDictionary<string, string>.Builder parameters)
    {
        if (RestCall.Text(owner, "groupingField") is not { Length: > 0 } field) return;
        parameters["group_by_field"] = field;
        if (RestCall.Number(owner, "groupSize") is var size && size != 0) parameters["group_size"] = Text(size);
        if (RestCall.Flag(owner, "strictGroupSize")) parameters["strict_group_size"] = "true";
    }

    // One flat map since 2.5, or members below "params"; what is in both must agree. All of it also goes into the one JSON "params".
    private static void AddSearchParams(JsonElement owner, string name, ImmutableDictionary<string, string>.Builder parameters)
    {
        if (!RestCall.TryGet(owner, name, out var given) || given.ValueKind == JsonValueKind.Null) return;
        if (given.ValueKind != JsonValueKind.Object) throw RestCall.WrongType(name, "object", given);
        var merged = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var p in given.EnumerateObject())
        {
            if (p.Name == "params" && p.Value.ValueKind == JsonValueKind.Object) continue;
            Put(p);
        }
        if (RestCall.TryGet(given, "params", out var inner) && inner.ValueKind == JsonValueKind.Object)
            foreach (var p in inner.EnumerateObject()) Put(p);
        void Put(JsonProperty p)
        {
            var key = p.Name switch { "metricType" => "metric_type", "ignoreGrowing" => "ignore_growing", _ => p.Name };
            if (merged.TryGetValue(key, out var other) && RestCall.ScalarText(other) != RestCall.ScalarText(p.Value))
                throw MilvusException.InvalidParameter($"ambiguous parameter: {p.Name}, in search_param: {RestCall.ScalarText(other)}, in search_param.params: {RestCall.ScalarText(p.Value)}");
            merged[key] = p.Value;
        }
        if (merged.Remove("metric_type", out var metric)) parameters["metric_type"] = RestCall.ScalarText(metric);
        foreach (var flat in new[] { "ignore_growing", "analyzer_name", "hints", "order_by_fields", "json_path", "json_type", "strict_cast", "travel_timestamp" })
            if (merged.TryGetValue(flat, out var v)) parameters[flat] = RestCall.ScalarText(v);
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var (key, value) in merged)
            {
                writer.WritePropertyName(key);
                value.WriteTo(writer);
            }
            writer.WriteEndObject();
        }
        parameters["params"] = Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static RestReply WriteHits(RestCall call, SearchResult result)
    {
        var rows = TimeOptions.Of(call).Writer(call, result.Collection, result.Columns.RemoveAll(c => c.Name == result.PrimaryField));
        return new RestReply(w =>
        {
            w.WriteStartArray();
            for (var i = 0; i < result.Scores.Length; i++)
            {
                w.WriteStartObject();
                w.WriteNumber("distance", result.Scores[i]);
                rows.WriteKey(w, result.PrimaryField, result.Ids, i);
                if (!result.Elements.IsEmpty) w.WriteNumber("offset", result.Elements[i]);
                rows.WriteMembers(w, i);
                w.WriteEndObject();
            }
            w.WriteEndArray();
        })
        {
            Beside = w =>
            {
                w.WriteNumber("cost", 0);
                WriteExplain(w, result.Explain, result.Collection);
                if (result.Scores.Length == 0) return;
                w.WriteStartArray("topks");
                foreach (var k in result.TopKs) w.WriteNumberValue(k);
                w.WriteEndArray();
            },
        };
    }

    /// <summary>A member beside the data, for requests that asked for it.</summary>
    public static void WriteExplain(Utf8JsonWriter w, ReadExplain? explain, CollectionInfo collection)
    {
        if (explain is null) return;
        w.WritePropertyName("explain");
        ExplainJson.Write(w, explain, collection);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
