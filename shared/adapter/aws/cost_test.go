package aws_test

import (
	"testing"
	"testing/synctest"
)

func TestCost(t *testing.T) {
	for _, n := range []int{0, 1, 10} {
		synctest.Test(t, func(t *testing.T) {
			s := settled(t, n)
			s.write(costWrites)
			a := s.used()
			s.fanOut()
			b := s.used()
			s.drain()
			c := s.used()
			t.Logf("%d hooks\n write   %v\n fanout  %v\n deliver %v", n, a, b, c)
			s.pass(1e9 * 60)
			s.keep()
			t.Logf("keep %v", s.used())
			s.keep()
			t.Logf("keep %v", s.used())
		})
	}
}
