using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Milvus.Coordinator.Names;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.Proxy.Reading.Queries;

/// <summary>A query whose answer is groups instead of rows.</summary>
/// <param name="GroupBy">Empty for one group of everything.</param>
/// <param name="Outputs">In the order of the request: its spelling, and the group field or aggregate meant.</param>
internal sealed partial record AggregationPlan(
    ImmutableArray<FieldSchema> GroupBy, ImmutableArray<Aggregate> Aggregates, ImmutableArray<(string Name, bool IsAggregate, int Index)> Outputs)
{
    private const string CountAll = "count(*)";

    /// <summary>True when rows are only counted: the shards need not look at them.</summary>
    public bool IsCount => GroupBy.IsEmpty && Aggregates is [{ Kind: AggregateKind.CountRows }];

    /// <summary>Null when the query asks for rows.</summary>
    /// <exception cref="MilvusException">1100: a field that does not exist or that one can't group by or aggregate.</exception>
    public static AggregationPlan? Find(CollectionInfo collection, ImmutableArray<string> outputs, ImmutableArray<string> groupBy)
    {
        var calls = outputs.Select(o => Call().Match(o)).ToArray();
        if (groupBy.IsEmpty && !calls.Any(c => c.Success)) return null;
        var groups = groupBy.Select(name => GroupField(collection, name)).DistinctBy(f => f.Id).ToImmutableArray();
        var aggregates = ImmutableArray.CreateBuilder<Aggregate>();
        var columns = ImmutableArray.CreateBuilder<(string, bool, int)>();
        for (var i = 0; i < outputs.Length; i++)
        {
            if (calls[i].Success)
            {
                var aggregate = Parse(collection, calls[i].Groups[1].Value.ToLowerInvariant(), calls[i].Groups[2].Value);
                var known = aggregates.IndexOf(aggregate);
                if (known < 0) aggregates.Add(aggregate);
                // A count of rows has one name, however it is spelled.
                columns.Add((aggregate.Kind == AggregateKind.CountRows ? CountAll : outputs[i], true, known < 0 ? aggregates.Count - 1 : known));
                continue;
            }
            var name = outputs[i].Trim();
            var group = groups.FirstOrDefault(f => f.Name == name)
                ?? throw MilvusException.InvalidParameter($"output field '{name}' is not allowed: it must be an aggregation or one of the group by fields");
            columns.Add((name, false, groups.IndexOf(group)));
        }
        if (columns.Count == 0)
            for (var g = 0; g < groups.Length; g++) columns.Add((groups[g].Name, false, g));
        return new AggregationPlan(groups, aggregates.DrainToImmutable(), [.. columns.Distinct()]);
    }

    private static FieldSchema GroupField(CollectionInfo collection, string name)
    {
        if (collection.Schema.Find(name) is not { IsDynamic: false } field) throw MilvusException.InvalidParameter($"field {name} not exist");
        if (!field.Type.IsInteger() && field.Type is not (DataType.VarChar or DataType.Timestamptz))
            throw MilvusException.InvalidParameter($"group by field {name} has unsupported data type {field.Type.Spelled()}");
        return field;
    }

    private static Aggregate Parse(CollectionInfo collection, string function, string argument)
    {
        if (argument == "*") return function == "count" ? new Aggregate(AggregateKind.CountRows) : throw MilvusException.InvalidParameter($"{function}(*) is not supported, only count(*) is allowed");
        if (collection.Schema.Find(argument) is not { IsDynamic: false } field) throw MilvusException.InvalidParameter($"target field {argument} for aggregation:{function} does not exist");
        var (kind, fits) = function switch
        {
            "count" => (AggregateKind.Count, !field.Type.IsVector()),
            "sum" => (AggregateKind.Sum, field.Type.IsNumeric()),
            "avg" => (AggregateKind.Average, field.Type.IsNumeric()),
            "min" => (AggregateKind.Min, IsOrdered(field.Type)),
            _ => (AggregateKind.Max, IsOrdered(field.Type)),
        };
        return fits ? new Aggregate(kind, field) : throw MilvusException.InvalidParameter($"aggregation operator {function} does not support data type {field.Type.Spelled()}");
    }

    private static bool IsOrdered(DataType type) => type.IsNumeric() || type is DataType.VarChar or DataType.Timestamptz;

    [GeneratedRegex(@"^\s*(count|sum|avg|min|max)\s*\(\s*([^()]*?)\s*\)\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Call();
}
