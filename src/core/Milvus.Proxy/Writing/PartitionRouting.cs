using System.Collections.Immutable;
using System.Globalization;
using Milvus.Coordinator.Names;
using Milvus.Expressions;
using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Which partitions a request means, by name or by the values of the partition key.</summary>
internal static class PartitionRouting
{
    private const string ManualNames = "not support manually specifying the partition names if partition key mode is used";

    /// <summary>The partition that rows without a partition key go to.</summary>
    /// <exception cref="MilvusException">200: no such partition. 1100: the partition key decides.</exception>
    public static PartitionInfo ForWrite(CollectionInfo collection, string? name)
    {
        if (string.IsNullOrEmpty(name)) name = Limits.DefaultPartition;
        else RefuseNamesWithPartitionKey(collection);
        if (collection.FindPartition(name) is { } found) return found;
        NameRules.CheckPartition(name);
        throw new MilvusException(ErrorCode.PartitionNotFound, $"partition not found[partition={name}]") { IsInputError = true };
    }

    public static void RefuseNamesWithPartitionKey(CollectionInfo collection)
    {
        if (collection.Schema.PartitionKey is not null) throw MilvusException.InvalidParameter(ManualNames);
    }

    /// <summary>The partitions of a collection with a partition key, in the order of their numbers.</summary>
    public static ImmutableArray<PartitionInfo> KeyPartitions(CollectionInfo collection)
    {
        var result = ImmutableArray.CreateBuilder<PartitionInfo>(collection.Partitions.Length);
        for (var i = 0; i < collection.Partitions.Length; i++)
            if (collection.FindPartition(string.Create(CultureInfo.InvariantCulture, $"{Limits.DefaultPartition}_{i}")) is { } partition) result.Add(partition);
            else break;
        if (result.Count == 0) throw new MilvusException(ErrorCode.PartitionNotFound, $"partition not found[partition={Limits.DefaultPartition}_0]");
        return result.DrainToImmutable();
    }

    /// <summary>For every row the index of its partition in <see cref="KeyPartitions"/>.</summary>
    public static int[] ByKey(Column keys, int partitions)
    {
        var result = new int[keys.Count];
        if (keys is FixedColumn<long> numbers)
            for (var i = 0; i < result.Length; i++) result[i] = KeyHash.Partition(numbers.Values[i], partitions);
        else
            for (var i = 0; i < result.Length; i++) result[i] = KeyHash.Partition(((BinaryColumn)keys)[i], partitions);
        return result;
    }

    /// <summary>The partitions in which rows that pass the filter can be; empty when it does not narrow the partition key.</summary>
    public static ImmutableArray<long> ByFilter(CollectionInfo collection, FilterPlan? filter)
    {
        if (collection.Schema.PartitionKey is not { } key || filter?.PartitionKeyValues is not { } values) return [];
        var partitions = KeyPartitions(collection);
        var found = new SortedSet<int>();
        foreach (var value in values)
        {
            switch (value)
            {
                case Literal.Int number when key.Type == DataType.Int64:
                    found.Add(KeyHash.Partition(number.Value, partitions.Length));
                    break;
                case Literal.Text text when key.Type == DataType.VarChar:
                    found.Add(KeyHash.Partition(System.Text.Encoding.UTF8.GetBytes(text.Value), partitions.Length));
                    break;
                default:
                    return [];
            }
        }
        return [.. found.Select(i => partitions[i].Id)];
    }
}
