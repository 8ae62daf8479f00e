using System.Globalization;

namespace Milvus.Model;

/// <summary>
/// Timestamptz values as text (RFC 3339; a blank may stand for the T, the offset may be <c>Z</c>, <c>±hh:mm</c>, <c>±hh</c> or
/// missing) and as microseconds since 1970 UTC.
/// </summary>
public static class TimestampText
{
    private static readonly TimeSpan LowestOffset = TimeSpan.FromHours(-12);
    private static readonly TimeSpan HighestOffset = TimeSpan.FromHours(14);
    private static readonly long s_lowest = (DateTime.MinValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    // The year 0000 is a time too, which the calendar of the runtime has not: it is worked with 400 years later, when days and leap years are the same.
    private const int Cycle = 400;
    private const long CycleMicroseconds = 146_097L * 86_400 * 1_000_000;
    private static readonly long s_highest = (DateTime.MaxValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <param name="zone">Of texts without an offset.</param>
    public static bool TryParse(string text, TimeZoneInfo zone, out long microseconds)
    {
        microseconds = 0;
        var body = text.AsSpan().Trim();
        if (!SplitOffset(ref body, out var offset)) return false;
        if (body.StartsWith("0000-", StringComparison.Ordinal))
        {
            var later = string.Concat("0400", body[4..]);
            if (!TryParse(offset is { } given ? later + OffsetText(given) : later, zone, out microseconds)) return false;
            microseconds -= CycleMicroseconds;
            return true;
        }
        if (body.Length > 10 && body[10] is 'T' or 't')
        {
            if (!TryParseLocal(string.Concat(body[..10], " ", body[11..]), out var local)) return false;
            return Convert(local, offset, zone, out microseconds);
        }
        return TryParseLocal(body.ToString(), out var plain) && Convert(plain, offset, zone, out microseconds);
    }

    /// <summary>How Milvus refuses a value that is no time, whatever is wrong with it.</summary>
    public static string Invalid(string text) =>
        $"got invalid timestamptz string '{text}': invalid timezone name; must be a valid IANA Time Zone ID (e.g., 'Asia/Shanghai' or 'UTC')";

    /// <summary>With the offset of <paramref name="zone"/> at that instant, trailing zeros of the fraction trimmed.</summary>
    public static string Format(long microseconds, TimeZoneInfo zone)
    {
        var (local, year) = Shifted(microseconds, zone);
        var text = local.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFF", CultureInfo.InvariantCulture);
        if (year != local.Year) text = string.Create(CultureInfo.InvariantCulture, $"{year:D4}{text.AsSpan(4)}");
        return text + (local.Offset == TimeSpan.Zero ? "Z" : local.ToString("zzz", CultureInfo.InvariantCulture));
    }

    /// <summary>What a clock in the zone shows at that instant, and the year there, from 0 to 10000, which that of the clock is not at both ends.</summary>
    public static (DateTime Clock, int Year) Local(long microseconds, TimeZoneInfo zone)
    {
        var (local, year) = Shifted(microseconds, zone);
        return (local.DateTime, year);
    }

    // East of Greenwich the last hours of the year 9999 are the first of 10000.
    private static (DateTimeOffset Local, int Year) Shifted(long microseconds, TimeZoneInfo zone)
    {
        const long Day = 86_400L * 1_000_000;
        var cycles = microseconds < s_lowest + Day ? 1 : microseconds > s_highest - Day ? -1 : 0;
        var local = Offset(microseconds + (cycles * CycleMicroseconds), zone);
        return (local, Math.Max(0, local.Year - (cycles * Cycle)));
    }

    /// <exception cref="MilvusException">1100: no such zone.</exception>
    public static TimeZoneInfo Zone(string? name)
    {
        if (string.IsNullOrEmpty(name)) return TimeZoneInfo.Utc;
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)
            ? zone
            : throw MilvusException.InvalidParameter($"unknown or invalid IANA Time Zone ID: {name}");
    }

    // Times near the ends of the calendar have no local form everywhere: they stay in UTC.
    private static DateTimeOffset Offset(long microseconds, TimeZoneInfo zone)
    {
        var utc = DateTimeOffset.UnixEpoch.AddTicks(Math.Clamp(microseconds, s_lowest, s_highest) * TimeSpan.TicksPerMicrosecond);
        return TimeZoneInfo.ConvertTime(utc, zone);
    }

    private static bool TryParseLocal(string text, out DateTime local) => DateTime.TryParseExact(
        Shortened(text), ["yyyy-MM-dd HH:mm:ss.FFFFFF", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd"],
        CultureInfo.InvariantCulture, DateTimeStyles.None, out local);

    // Nanoseconds may be written, microseconds are kept.
    private static string Shortened(string text)
    {
        var dot = text.LastIndexOf('.');
        return dot >= 0 && text.Length - dot > 7 && text.AsSpan(dot + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? text[..(dot + 7)] : text;
    }

    private static bool Convert(DateTime local, TimeSpan? offset, TimeZoneInfo zone, out long microseconds)
    {
        var ticks = local.Ticks - (offset ?? OffsetOf(local, zone)).Ticks - DateTime.UnixEpoch.Ticks;
        microseconds = ticks / TimeSpan.TicksPerMicrosecond;
        return true;
    }

    // Readings of a clock that occur twice or never, when it is set, mean what they mean to Milvus' runtime: the offset is looked up at the reading as UTC first.
    private static TimeSpan OffsetOf(DateTime local, TimeZoneInfo zone)
    {
        var asUtc = DateTime.SpecifyKind(local, DateTimeKind.Utc);
        var guess = zone.GetUtcOffset(asUtc);
        var ticks = asUtc.Ticks - guess.Ticks;
        return ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks ? guess : zone.GetUtcOffset(new DateTime(ticks, DateTimeKind.Utc));
    }

    private static string OffsetText(TimeSpan offset) =>
        string.Create(CultureInfo.InvariantCulture, $"{(offset < TimeSpan.Zero ? '-' : '+')}{Math.Abs(offset.Hours):D2}:{Math.Abs(offset.Minutes):D2}");

    /// <summary>Takes the offset off the end; null when there is none.</summary>
    private static bool SplitOffset(ref ReadOnlySpan<char> text, out TimeSpan? offset)
    {
        offset = null;
        if (text.Length == 0) return false;
        if (text[^1] is 'Z' or 'z')
        {
            offset = TimeSpan.Zero;
            text = text[..^1];
            return true;
        }

        // A minus before the time of day belongs to the date.
        var sign = text.LastIndexOfAny('+', '-');
        if (sign < 11) return true;
        var digits = text[(sign + 1)..];
        var minutes = 0;
        if (!int.TryParse(digits.Length >= 2 ? digits[..2] : digits, NumberStyles.None, CultureInfo.InvariantCulture, out var hours)) return false;
        if (digits.Length == 5 && digits[2] == ':')
        {
            if (!int.TryParse(digits[3..], NumberStyles.None, CultureInfo.InvariantCulture, out minutes) || minutes > 59) return false;
        }
        else if (digits.Length != 2)
        {
            return false;
        }

        var value = new TimeSpan(hours, minutes, 0);
        if (text[sign] == '-') value = -value;
        if (value < LowestOffset || value > HighestOffset) return false;
        offset = value;
        text = text[..sign];
        return true;
    }
}
