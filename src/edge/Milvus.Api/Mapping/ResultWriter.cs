using System.Collections.Immutable;
using Google.Protobuf.Collections;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Protocol.Common;
using Milvus.Protocol.Schema;
using ExplainJson = Milvus.Proxy.ExplainJson;
using MutationResult = Milvus.Proxy.MutationResult;

namespace Milvus.Api.Mapping;

/// <summary>Writes what searches, queries and writes gave.</summary>
public static class ResultWriter
{
    /// <param name="zone">In which timestamps are written.</param>
    /// <param name="groupList">The request named several group-by fields, so the list form of the group values is expected.</param>
    public static SearchResults Write(Proxy.SearchResult result, TimeZoneInfo zone, bool groupList)
    {
        var data = new SearchResultData
        {
            NumQueries = result.QueryCount,
            TopK = result.TopKs.IsEmpty ? 0 : result.TopKs.Max(),
            Ids = KeyMapping.ToIds(result.Ids),
            PrimaryFieldName = result.PrimaryField,
            AllSearchCount = Math.Max(result.Examined, result.Scores.Length),
        };
        foreach (var count in result.TopKs) data.Topks.Add(count);
        data.Scores.AddSpan(result.Scores.AsSpan());
        AddNames(data.OutputFields, result.Collection, result.OutputFields);
        AddColumns(data.FieldsData, result.Collection, result.Columns, zone);
        foreach (var group in result.GroupBy)
        {
            // Values out of JSON have a type of their own.
            var field = FindField(result.Collection, group);
            var values = FieldDataWriter.Write(group, field?.Type == group.Column.Type ? field : null, zone);
            if (groupList) data.GroupByFieldValues.Add(values);
            else data.GroupByFieldValue = values;
        }
        if (!result.Buckets.IsEmpty)
        {
            // Hits are inside of the buckets then.
            AggregationMapping.Write(data, result, zone);
            return Reply(result, new SearchResultData { NumQueries = result.QueryCount, PrimaryFieldName = result.PrimaryField, AllSearchCount = data.AllSearchCount, AggTopks = { data.AggTopks }, AggBuckets = { data.AggBuckets } });
        }
        foreach (var highlights in result.Highlights)
        {
            var field = new HighlightResult { FieldName = highlights.Field };
            for (var i = 0; i < highlights.Hits.Length; i++)
            {
                var marked = new HighlightData { Fragments = { highlights.Hits[i] } };
                if (!highlights.Scores.IsEmpty) marked.Scores.AddRange(highlights.Scores[i]);
                field.Datas.Add(marked);
            }
            data.HighlightResults.Add(field);
        }
        if (!result.Elements.IsEmpty)
        {
            data.ElementIndices = new LongArray();
            foreach (var element in result.Elements) data.ElementIndices.Data.Add(element);
        }
        if (result.IteratorToken is { } token)
            data.SearchIteratorV2Results = new SearchIteratorV2Results { Token = token, LastBound = result.IteratorLastBound };
        return Reply(result, data);
    }

    // The data of single sub-fields come as their struct with no others in it, under its name.
    private static void AddNames(RepeatedField<string> names, CollectionInfo collection, ImmutableArray<string> asked)
    {
        foreach (var name in asked)
        {
            var known = collection.Schema.Find(name) is { } field && collection.Schema.ParentOf(field) is { } parent ? parent.Name : name;
            if (!names.Contains(known)) names.Add(known);
        }
    }

    private static SearchResults Reply(Proxy.SearchResult result, SearchResultData data) => new()
    {
        Status = Explained(result.Explain, result.Collection),
        Results = data,
        CollectionName = result.Collection.Name,
        SessionTs = result.ReadAt.Value,
    };

    public static QueryResults Write(Proxy.QueryResult result, TimeZoneInfo zone)
    {
        var answer = new QueryResults
        {
            Status = Explained(result.Explain, result.Collection),
            CollectionName = result.Collection.Name,
            SessionTs = result.ReadAt.Value,
            PrimaryFieldName = result.PrimaryField,
        };
        AddNames(answer.OutputFields, result.Collection, result.OutputFields);
        AddColumns(answer.FieldsData, result.Collection, result.Columns, zone);
        foreach (var elements in result.Elements)
        {
            var indices = new ElementIndices { Indices = new LongArray() };
            foreach (var element in elements) indices.Indices.Data.Add(element);
            answer.ElementIndices.Add(indices);
        }
        return answer;
    }

    /// <summary>Success, with the explanation that the request asked for as JSON in <c>extra_info</c>.</summary>
    private static Protocol.Common.Status Explained(Proxy.ReadExplain? explain, CollectionInfo collection)
    {
        var status = StatusMapping.Ok();
        if (explain is not null) status.ExtraInfo["explain"] = ExplainJson.Text(explain, collection);
        return status;
    }

    /// <param name="rows">Rows of the request; 0 for deletes, which list no row indexes.</param>
    public static Protocol.MutationResult Write(MutationResult result, int rows)
    {
        var answer = new Protocol.MutationResult
        {
            Status = StatusMapping.Ok(),
            IDs = KeyMapping.ToIds(result.Ids),
            Acknowledged = true,
            InsertCnt = result.InsertCount,
            DeleteCnt = result.DeleteCount,
            UpsertCnt = result.UpsertCount,
            Timestamp = result.Timestamp.Value,
        };
        AddIndexes(answer.SuccIndex, rows);
        return answer;
    }

    /// <summary>The answer to a write that failed as a whole.</summary>
    public static Protocol.MutationResult Failed(Protocol.Common.Status status, int rows)
    {
        var answer = new Protocol.MutationResult { Status = status, IDs = new IDs() };
        AddIndexes(answer.ErrIndex, rows);
        return answer;
    }

    private static void AddColumns(Google.Protobuf.Collections.RepeatedField<FieldData> fields, CollectionInfo collection, ImmutableArray<NamedColumn> columns, TimeZoneInfo zone)
    {
        foreach (var group in ColumnGroup.Of(collection.Schema, columns))
        {
            if (group.Parent is not { } parent)
            {
                fields.Add(FieldDataWriter.Write(group.Columns[0], FindField(collection, group.Columns[0]), zone));
                continue;
            }
            var data = new FieldData { Type = Protocol.Schema.DataType.ArrayOfStruct, FieldName = parent.Name, FieldId = parent.Id, StructArrays = new StructArrayField() };
            foreach (var column in group.Columns)
            {
                var field = collection.Schema.Find(column.Name)!;
                var sub = FieldDataWriter.Write(column, field, zone);
                sub.FieldName = parent.ShortName(field);
                if (parent.Nullable && data.ValidData.Count == 0) data.ValidData.Add(sub.ValidData);
                data.StructArrays.Fields.Add(sub);
            }
            fields.Add(data);
        }
    }

    private static void AddIndexes(Google.Protobuf.Collections.RepeatedField<uint> indexes, int rows)
    {
        indexes.Capacity = rows;
        for (var i = 0u; i < rows; i++) indexes.Add(i);
    }

    private static Model.FieldSchema? FindField(CollectionInfo collection, NamedColumn column) =>
        column.IsDynamic ? collection.Schema.DynamicField : collection.Schema.Find(column.Name);
}
