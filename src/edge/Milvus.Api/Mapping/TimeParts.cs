using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Api.Mapping;

/// <summary>The request parameter <c>time_fields</c>: timestamps of the answer are taken apart into arrays of the named parts.</summary>
internal static class TimeParts
{
    /// <param name="zone">In which the parts are read off.</param>
    /// <exception cref="MilvusException">1100: an unknown part.</exception>
    public static ImmutableArray<NamedColumn> Apply(ImmutableArray<NamedColumn> columns, ImmutableDictionary<string, string> parameters, TimeZoneInfo zone)
    {
        if (!parameters.TryGetValue("time_fields", out var list)) return columns;
        var parts = list.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).Select(Part).ToArray();
        return parts.Length == 0 ? columns : [.. columns.Select(c => c.Column is FixedColumn<long> { Type: DataType.Timestamptz } times ? c with { Column = Split(times, parts, zone) } : c)];
    }

    private static ArrayColumn Split(FixedColumn<long> times, Func<(DateTime Clock, int Year), long>[] parts, TimeZoneInfo zone)
    {
        var builder = (ArrayColumnBuilder)ColumnBuilder.For(DataType.Array, DataType.Int64);
        var elements = (FixedColumnBuilder<long>)builder.Elements;
        for (var row = 0; row < times.Count; row++)
        {
            if (times.IsNull(row))
            {
                builder.AppendNull();
                continue;
            }
            var local = TimestampText.Local(times.Values[row], zone);
            foreach (var part in parts) elements.Append(part(local));
            builder.EndRow();
        }
        return builder.Build();
    }

    private static Func<(DateTime Clock, int Year), long> Part(string name) => name.ToLowerInvariant() switch
    {
        "year" => static t => t.Year,
        "month" => static t => t.Clock.Month,
        "day" => static t => t.Clock.Day,
        "hour" => static t => t.Clock.Hour,
        "minute" => static t => t.Clock.Minute,
        "second" => static t => t.Clock.Second,
        "microsecond" => static t => t.Clock.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond,
        _ => throw MilvusException.InvalidParameter($"unsupported field for extraction: {name}, fields should be seprated by ',' or ' '"),
    };
}
