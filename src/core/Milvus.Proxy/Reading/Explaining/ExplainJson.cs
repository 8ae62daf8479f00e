using System.Buffers;
using System.Text;
using System.Text.Json;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Proxy;

/// <summary>Explanations as JSON, for every protocol alike.</summary>
public static class ExplainJson
{
    /// <summary>The object as text.</summary>
    public static string Text(ReadExplain explain, CollectionInfo collection)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output)) Write(json, explain, collection);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>Writes one object. Members that say nothing are left out.</summary>
    public static void Write(Utf8JsonWriter json, ReadExplain explain, CollectionInfo collection)
    {
        json.WriteStartObject();
        json.WriteString("collection", collection.Name);
        json.WriteNumber("totalMs", Round(explain.TotalMs));
        json.WriteStartArray("steps");
        foreach (var step in explain.Steps)
        {
            json.WriteStartObject();
            json.WriteNumber("shard", step.Shard);
            json.WriteString("operation", step.Operation);
            json.WriteNumber("ms", Round(step.Ms));
            if (!step.Segments.IsEmpty)
            {
                json.WriteStartArray("segments");
                foreach (var segment in step.Segments) Write(json, segment, collection);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, SegmentExplain segment, CollectionInfo collection)
    {
        json.WriteStartObject();
        json.WriteNumber("segment", segment.SegmentId);
        json.WriteString("partition", collection.FindPartition(segment.PartitionId)?.Name ?? segment.PartitionId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        json.WriteString("state", segment.IsSealed ? "sealed" : "growing");
        json.WriteNumber("rows", segment.RowCount);
        json.WriteNumber("rowsVisible", segment.RowsVisible);
        json.WriteNumber("rowsPassing", segment.RowsPassing);
        json.WriteNumber("filterMs", Round(segment.FilterMs));
        json.WriteStartObject("filter");
        json.WriteString("plan", segment.FilterPlan);
        if (segment.Blocks > 0)
        {
            json.WriteNumber("blocks", segment.Blocks);
            json.WriteNumber("blocksPruned", segment.BlocksPruned);
            json.WriteNumber("blocksSkipped", segment.BlocksSkipped);
            json.WriteNumber("rowsPruned", segment.RowsPruned);
        }
        if (!segment.Tests.IsEmpty)
        {
            json.WriteStartArray("tests");
            foreach (var test in segment.Tests) Write(json, test, collection);
            json.WriteEndArray();
        }
        json.WriteEndObject();
        if (segment.SearchPlan.Length > 0)
        {
            json.WriteNumber("searchMs", Round(segment.SearchMs));
            json.WriteStartObject("search");
            json.WriteString("plan", segment.SearchPlan);
            if (segment.SearchReason.Length > 0) json.WriteString("reason", segment.SearchReason);
            if (segment.VectorIndex.Length > 0) json.WriteString("index", segment.VectorIndex);
            json.WriteNumber("hits", segment.Hits);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TestExplain test, CollectionInfo collection)
    {
        json.WriteStartObject();
        json.WriteString("test", test.Test);
        if (test.IndexKind.Length > 0)
        {
            json.WriteString("answeredBy", "index");
            json.WriteString("index", collection.Indexes.FirstOrDefault(i => i.Id == test.IndexId)?.Name ?? "");
            json.WriteString("indexType", test.IndexKind);
            json.WriteBoolean("exact", test.IsExact);
        }
        else json.WriteString("answeredBy", "column");
        json.WriteNumber("rows", test.Rows);
        if (test.IndexCost >= 0) json.WriteNumber("indexCost", test.IndexCost);
        json.WriteNumber("scanCost", test.ScanCost);
        json.WriteEndObject();
    }

    private static double Round(double ms) => Math.Round(ms, 4);
}
