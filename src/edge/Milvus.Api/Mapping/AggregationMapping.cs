using System.Collections.Immutable;
using Google.Protobuf;
using Milvus.Model;
using Milvus.Protocol.Common;
using Milvus.Protocol.Schema;
using Milvus.Proxy;
using DataType = Milvus.Model.DataType;

namespace Milvus.Api.Mapping;

/// <summary>Search aggregations and their buckets.</summary>
internal static class AggregationMapping
{
    public static SearchAggregation Read(SearchAggregationSpec wire) => new()
    {
        Fields = [.. wire.Fields],
        Size = wire.Size,
        SearchSize = wire.SearchSize,
        Metrics = wire.Metrics.ToImmutableDictionary(m => m.Key, m => new AggregationMetric(m.Value.Op, m.Value.FieldName)),
        Order = [.. wire.Order.Select(o => new AggregationOrder(o.Key, IsDescending(o.Direction), o.NullFirst))],
        TopHits = wire.TopHits is { } hits ? new AggregationHits(hits.Size, [.. hits.Sort.Select(s => new AggregationOrder(s.FieldName, IsDescending(s.Direction), s.NullFirst))]) : null,
        Sub = wire.SubAggregation is { } sub ? Read(sub) : null,
    };

    /// <exception cref="MilvusException">1100: neither asc nor desc.</exception>
    public static bool IsDescending(string direction) => direction.ToLowerInvariant() switch
    {
        "" or "asc" or "ascending" => false,
        "desc" or "descending" => true,
        _ => throw MilvusException.InvalidParameter($"invalid order direction '{direction}', expected asc or desc"),
    };

    public static void Write(SearchResultData data, Proxy.SearchResult result, TimeZoneInfo zone)
    {
        foreach (var query in result.Buckets)
        {
            data.AggTopks.Add(query.Length);
            data.AggBuckets.AddRange(query.Select(b => Write(b, result, zone)));
        }
    }

    private static AggBucket Write(AggregationBucket bucket, Proxy.SearchResult result, TimeZoneInfo zone)
    {
        var wire = new AggBucket { Count = bucket.Count };
        foreach (var (name, value) in bucket.Key)
        {
            var entry = new BucketKeyEntry { FieldName = name, FieldId = result.Collection.Schema.Find(name)?.Id ?? 0 };
            if (!value.IsNull)
            {
                switch (value.Column)
                {
                    case FixedColumn<bool> c: entry.BoolVal = c.Values[value.Row]; break;
                    case BinaryColumn c: entry.StringVal = c.GetString(value.Row); break;
                    case FixedColumn<long> c when c.Type == DataType.Timestamptz: entry.StringVal = TimestampText.Format(c.Values[value.Row], zone); break;
                    default: entry.IntVal = Integer(value); break;
                }
            }
            wire.Key.Add(entry);
        }
        foreach (var (name, value) in bucket.Metrics) wire.Metrics[name] = Metric(value, zone);
        foreach (var hit in bucket.Hits) wire.Hits.Add(Hit(result, hit, zone));
        wire.SubGroups.AddRange(bucket.Sub.Select(b => Write(b, result, zone)));
        return wire;
    }

    private static MetricValue Metric(ColumnValue value, TimeZoneInfo zone)
    {
        var metric = new MetricValue();
        if (value.IsNull) return metric;
        switch (value.Column)
        {
            case FixedColumn<double> c: metric.DoubleVal = c.Values[value.Row]; break;
            case FixedColumn<float> c: metric.DoubleVal = c.Values[value.Row]; break;
            case FixedColumn<bool> c: metric.BoolVal = c.Values[value.Row]; break;
            case BinaryColumn c: metric.StringVal = c.GetString(value.Row); break;
            case FixedColumn<long> c when c.Type == DataType.Timestamptz: metric.StringVal = TimestampText.Format(c.Values[value.Row], zone); break;
            default: metric.IntVal = Integer(value); break;
        }
        return metric;
    }

    private static AggHit Hit(Proxy.SearchResult result, int hit, TimeZoneInfo zone)
    {
        var wire = new AggHit { Score = result.Scores[hit] };
        if (result.Ids.IsInt64) wire.IntPk = result.Ids.Int64s[hit];
        else wire.StrPk = result.Ids.Strings.GetString(hit);
        foreach (var column in result.Columns)
        {
            var field = new AggHitField { FieldName = column.IsDynamic ? FieldIds.DynamicName : column.Name, FieldId = result.Collection.Schema.Find(column.Name)?.Id ?? 0 };
            if (!column.Column.IsNull(hit))
            {
                switch (column.Column)
                {
                    case FixedColumn<bool> c: field.BoolVal = c.Values[hit]; break;
                    case FixedColumn<float> c: field.FloatVal = c.Values[hit]; break;
                    case FixedColumn<double> c: field.DoubleVal = c.Values[hit]; break;
                    case FixedColumn<long> c when c.Type == DataType.Timestamptz: field.StringVal = TimestampText.Format(c.Values[hit], zone); break;
                    case FixedColumn<long> or FixedColumn<int> or FixedColumn<short> or FixedColumn<sbyte>: field.IntVal = Integer(new ColumnValue(column.Column, hit)); break;
                    case BinaryColumn { Type: DataType.Json or DataType.SparseFloatVector } c: field.BytesVal = ByteString.CopyFrom(c[hit]); break;
                    case BinaryColumn c: field.StringVal = c.GetString(hit); break;
                    case VectorColumn c: field.BytesVal = ByteString.CopyFrom(c[hit]); break;
                    // Other values have no form inside of a bucket.
                    default: continue;
                }
            }
            wire.Fields.Add(field);
        }
        return wire;
    }

    private static long Integer(ColumnValue value) => value.Column switch
    {
        FixedColumn<long> c => c.Values[value.Row],
        FixedColumn<int> c => c.Values[value.Row],
        FixedColumn<short> c => c.Values[value.Row],
        FixedColumn<sbyte> c => c.Values[value.Row],
        _ => throw new InvalidOperationException($"a column of {value.Column.Type} has no integers"),
    };
}
