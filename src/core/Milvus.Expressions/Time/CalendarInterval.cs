namespace Milvus.Expressions.Time;

/// <summary>
/// An ISO 8601 duration: months (calendar arithmetic) and a fixed number of microseconds (days count 24 hours). A day of the month that
/// the target month lacks runs over into the next one: 31 January plus one month is 3 or 2 March.
/// </summary>
internal readonly record struct CalendarInterval(long Months, Int128 Microseconds)
{
    private const long MicrosecondsPerSecond = 1_000_000;
    private const long MicrosecondsPerDay = 86_400 * MicrosecondsPerSecond;

    /// <summary>More digits than any span of time that 64 bits of microseconds hold.</summary>
    private const int MaxDigits = 12;

    public CalendarInterval Negate() => new(-Months, -Microseconds);

    /// <summary>Reads <c>PnYnMnDTnHnMnS</c> with whole numbers; at least one part, none after a T alone.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out CalendarInterval interval)
    {
        interval = default;
        if (text.IsEmpty || text[0] != 'P') return false;
        text = text[1..];
        var split = text.IndexOf('T');
        var date = split < 0 ? text : text[..split];
        var time = split < 0 ? default : text[(split + 1)..];
        if (date.IsEmpty && time.IsEmpty || (split >= 0 && time.IsEmpty)) return false;
        if (!TryParts(date, "YMD", out var years, out var months, out var days) || !TryParts(time, "HMS", out var hours, out var minutes, out var seconds)) return false;
        interval = new CalendarInterval(
            years * 12 + months,
            (Int128)days * MicrosecondsPerDay + ((Int128)hours * 3600 + (Int128)minutes * 60 + seconds) * MicrosecondsPerSecond);
        return true;
    }

    /// <summary>The shifted moment, in microseconds since 1970 UTC; saturates beyond what 64 bits hold.</summary>
    public long AddTo(long microseconds)
    {
        Int128 moment = microseconds;
        if (Months != 0)
        {
            var day = Math.DivRem(microseconds, MicrosecondsPerDay, out var ofDay);
            if (ofDay < 0)
            {
                day--;
                ofDay += MicrosecondsPerDay;
            }
            moment = (Int128)Shift(day) * MicrosecondsPerDay + ofDay;
        }
        return (long)Int128.Clamp(moment + Microseconds, long.MinValue, long.MaxValue);
    }

    private long Shift(long day)
    {
        var (year, month, dayOfMonth) = ToDate(day);
        var months = (Int128)year * 12 + (month - 1) + Months;
        var (y, m) = (months / 12, months % 12);
        if (m < 0) (y, m) = (y - 1, m + 12);
        return (long)(ToDay(y, (int)m + 1) + dayOfMonth - 1);
    }

    /// <summary>Year, month and day of month of a day counted from 1 January 1970, in the Gregorian calendar extended both ways.</summary>
    private static (long Year, int Month, int Day) ToDate(long day)
    {
        // Years begin on 1 March here, so that the leap day is their last one; 400 years have 146 097 days.
        var z = day + 719_468;
        var era = (z >= 0 ? z : z - 146_096) / 146_097;
        var dayOfEra = z - era * 146_097;
        var yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        var dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        var shifted = (5 * dayOfYear + 2) / 153;
        var month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, (int)(dayOfYear - (153 * shifted + 2) / 5 + 1));
    }

    /// <summary>The number of the first day of a month.</summary>
    private static Int128 ToDay(Int128 year, int month)
    {
        if (month <= 2) year--;
        var era = (year >= 0 ? year : year - 399) / 400;
        var yearOfEra = year - era * 400;
        var dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468;
    }

    /// <summary>Numbers with the given letters behind them, each at most once and in that order.</summary>
    private static bool TryParts(ReadOnlySpan<char> text, string letters, out long first, out long second, out long third)
    {
        first = second = third = 0;
        var next = 0;
        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits is < 1 or > MaxDigits) return false;
            var at = letters.IndexOf(text[digits], next);
            if (at < 0) return false;
            var value = long.Parse(text[..digits], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture);
            if (at == 0) first = value;
            else if (at == 1) second = value;
            else third = value;
            next = at + 1;
            text = text[(digits + 1)..];
        }
        return true;
    }
}
