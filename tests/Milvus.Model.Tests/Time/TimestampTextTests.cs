namespace Milvus.Model.Tests.Time;

public class TimestampTextTests
{
    private static readonly TimeZoneInfo s_east = TimeZoneInfo.CreateCustomTimeZone("east", TimeSpan.FromHours(9), "east", "east");
    private static readonly TimeZoneInfo s_west = TimeZoneInfo.CreateCustomTimeZone("west", TimeSpan.FromHours(-5), "west", "west");

    [Theory]
    [InlineData("2024-02-29T23:59:59.25Z", 2024, 2, 29, 23)]
    [InlineData("0001-01-01T00:00:00Z", 1, 1, 1, 0)]
    [InlineData("0000-02-29T12:00:00Z", 0, 2, 29, 12)]
    [InlineData("9999-12-31T23:59:59.999999Z", 9999, 12, 31, 23)]
    public void A_clock_shows_what_the_text_says(string text, int year, int month, int day, int hour)
    {
        Assert.True(TimestampText.TryParse(text, TimeZoneInfo.Utc, out var at));
        var (clock, shown) = TimestampText.Local(at, TimeZoneInfo.Utc);
        Assert.Equal((year, month, day, hour), (shown, clock.Month, clock.Day, clock.Hour));
        Assert.Equal(text, TimestampText.Format(at, TimeZoneInfo.Utc));
    }

    [Fact]
    public void Zones_lead_over_the_ends_of_the_calendar()
    {
        Assert.True(TimestampText.TryParse("9999-12-31T20:00:00Z", TimeZoneInfo.Utc, out var late));
        Assert.Equal("10000-01-01T05:00:00+09:00", TimestampText.Format(late, s_east));
        var (clock, year) = TimestampText.Local(late, s_east);
        Assert.Equal((10000, 1, 1, 5), (year, clock.Month, clock.Day, clock.Hour));
        Assert.True(TimestampText.TryParse("0001-01-01T02:00:00Z", TimeZoneInfo.Utc, out var early));
        Assert.Equal("0000-12-31T21:00:00-05:00", TimestampText.Format(early, s_west));
        (clock, year) = TimestampText.Local(early, s_west);
        Assert.Equal((0, 12, 31, 21), (year, clock.Month, clock.Day, clock.Hour));
    }
}
