using System.Globalization;
using Milvus.Expressions.Predicates;
using Milvus.Expressions.Syntax;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Comparison of a Timestamptz column with <c>iso '…'</c>, in microseconds UTC.</summary>
internal static class TimePlanner
{
    public static Predicate Plan(TimeComparisonNode node, NameResolver names, string timeZone)
    {
        var column = names.Resolve(node.Field);
        if (column.Type != DataType.Timestamptz)
            throw new FilterError($"timestamptz operations are only supported on timestamptz fields, got: {Literals.TypeName(column.Type)}");
        if (node.Interval is not null) throw FilterError.NotSupportedYet("timestamptz arithmetic with interval");
        if (!TimeText.TryParse(node.Time.Value, timeZone, out var microseconds)) throw new FilterError($"invalid timestamp string: '{node.Time.Value}'");
        if (node.Operator == TokenKind.NotEqual)
            return new NotPredicate(Intervals.OfIntegers(column, microseconds, microseconds));
        var op = node.Operator switch
        {
            TokenKind.Equal => CompareOp.Equal,
            TokenKind.Less => CompareOp.Less,
            TokenKind.LessOrEqual => CompareOp.LessOrEqual,
            TokenKind.Greater => CompareOp.Greater,
            _ => CompareOp.GreaterOrEqual,
        };
        var (low, high) = ComparisonPlanner.IntegerBounds(op, microseconds);
        return Intervals.OfIntegers(column, low, high);
    }
}

/// <summary>RFC 3339 as Milvus reads it: blank for T, short offsets, offset optional; a time of day is required.</summary>
internal static class TimeText
{
    private static readonly TimeSpan MinOffset = TimeSpan.FromHours(-12);
    private static readonly TimeSpan MaxOffset = TimeSpan.FromHours(14);

    /// <param name="timeZone">IANA name, for a time without offset.</param>
    /// <param name="microseconds">Since 1970 UTC.</param>
    public static bool TryParse(string text, string timeZone, out long microseconds)
    {
        microseconds = 0;
        var span = text.AsSpan().Trim();
        if (span.Length < 19 || span[10] is not ('T' or 't' or ' ')) return false;
        if (!DateTime.TryParseExact(span[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)) return false;
        if (!TimeOnly.TryParseExact(span[11..19], "HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)) return false;
        var rest = span[19..];
        long fraction = 0;
        if (!rest.IsEmpty && rest[0] == '.')
        {
            var digits = 1;
            while (digits < rest.Length && char.IsAsciiDigit(rest[digits])) digits++;
            if (digits == 1) return false;
            for (var i = 1; i <= 6; i++) fraction = fraction * 10 + (i < digits ? rest[i] - '0' : 0);
            rest = rest[digits..];
        }
        var local = date + time.ToTimeSpan();
        if (!TryOffset(rest, local, timeZone, out var offset)) return false;
        microseconds = (local.Ticks - DateTime.UnixEpoch.Ticks - offset.Ticks) / TimeSpan.TicksPerMicrosecond + fraction;
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<char> text, DateTime local, string timeZone, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text.IsEmpty)
        {
            if (timeZone is "" or "UTC") return true;
            if (!TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out var zone)) return false;
            offset = zone.GetUtcOffset(local);
            return true;
        }
        if (text is "Z" or "z") return true;
        if (text[0] is not ('+' or '-')) return false;
        var digits = text[1..];
        if (digits.Length is not (2 or 5) || (digits.Length == 5 && digits[2] != ':')) return false;
        if (!int.TryParse(digits[..2], NumberStyles.None, CultureInfo.InvariantCulture, out var hours)) return false;
        var minutes = 0;
        if (digits.Length == 5 && !int.TryParse(digits[3..], NumberStyles.None, CultureInfo.InvariantCulture, out minutes)) return false;
        if (minutes > 59) return false;
        offset = new TimeSpan(hours, minutes, 0) * (text[0] == '-' ? -1 : 1);
        return offset >= MinOffset && offset <= MaxOffset;
    }
}
