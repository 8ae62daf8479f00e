using System.Collections.Immutable;
using Milvus.Api.Mapping;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Rest.Values;

/// <summary>
/// How a reading request wants timestamps: <c>timezone</c>, also for those in its filter, and <c>timeFields</c>, the parts to take them apart into. Members of
/// the body that Milvus knows over gRPC only, as search parameters.
/// </summary>
internal sealed class TimeOptions
{
    private readonly ImmutableDictionary<string, string> _parameters;

    private TimeOptions(ImmutableDictionary<string, string> parameters) => _parameters = parameters;

    public static TimeOptions Of(RestCall call)
    {
        var parameters = ImmutableDictionary<string, string>.Empty;
        if (call.Text("timezone") is { Length: > 0 } zone) parameters = parameters.Add("timezone", zone);
        if (call.Texts("timeFields") is { Length: > 0 } parts) parameters = parameters.Add("time_fields", string.Join(',', parts));
        return new TimeOptions(parameters);
    }

    public ImmutableDictionary<string, string> AddTo(ImmutableDictionary<string, string> parameters) => parameters.SetItems(_parameters);

    /// <summary>Writes rows of these columns.</summary>
    /// <exception cref="MilvusException">1100: an unknown zone or part.</exception>
    public RowWriter Writer(RestCall call, CollectionInfo collection, ImmutableArray<NamedColumn> columns)
    {
        var zone = Zones.Of(call.Proxy.Catalog, collection, _parameters);
        return new RowWriter(collection.Schema, TimeParts.Apply(columns, _parameters, zone), call.Int64AsNumbers, zone);
    }
}
