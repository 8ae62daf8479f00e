using System.Collections.Immutable;
using Milvus.Coordinator;
using Milvus.Model;

namespace Milvus.Api.Mapping;

/// <summary>In which time zone timestamps without an offset are read and all timestamps are written.</summary>
internal static class Zones
{
    /// <summary>The request's, else the collection's, else the database's, else UTC.</summary>
    public static TimeZoneInfo Of(Catalog catalog, CollectionInfo? collection, ImmutableDictionary<string, string>? request)
    {
        if (request is not null && request.TryGetValue("timezone", out var asked)) return TimestampText.Zone(asked);
        if (collection is null) return TimeZoneInfo.Utc;
        if (collection.Property("timezone") is { } own) return TimestampText.Zone(own);
        if (catalog.FindDatabase(collection.DatabaseId) is { } database)
        {
            foreach (var property in database.Properties)
                if (property.Key == "timezone") return TimestampText.Zone(property.Value);
        }
        return TimeZoneInfo.Utc;
    }
}
