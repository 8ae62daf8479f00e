using System.Globalization;

namespace Milvus.Expressions.Time;

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
